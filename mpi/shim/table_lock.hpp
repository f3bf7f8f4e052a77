// SPDX-License-Identifier: Apache-2.0
// Taken around changes of the shim's lists and tables; does something in MPI_THREAD_MULTIPLE only, and costs a test
// otherwise. Recursive.
#pragma once

namespace cairn::shim {

class TableLock {
 public:
  TableLock() noexcept : locked_(needed_) {
    if (__builtin_expect(locked_, 0)) lock();
  }
  ~TableLock() {
    if (__builtin_expect(locked_, 0)) unlock();
  }
  // Known when the library has been initialised: before, one thread is here.
  static void set_needed(bool needed) noexcept { needed_ = needed; }
  TableLock(const TableLock&) = delete;
  TableLock& operator=(const TableLock&) = delete;

 private:
  static void lock() noexcept;
  static void unlock() noexcept;
  inline static constinit bool needed_ = false;
  const bool locked_;
};

}  // namespace cairn::shim
