// SPDX-License-Identifier: Apache-2.0
// Taken around changes of the shim's lists and tables; keeps threads apart when several use MPI, and costs a test or
// two otherwise: the thread that is alone says in its slot that it is in such a region (mpi/crcp/threads.cpp), and
// takes a lock only while libcr's callback thread has the gate's. Recursive. Who has it enters no section and waits for
// none, nor calls what may call a function of the program.
#pragma once

#include "mpi/crcp/mpi_thread.hpp"

namespace cairn::shim {

class TableLock {
 public:
  TableLock() noexcept
      : how_(crcp::sharing.load(std::memory_order_relaxed) <= crcp::Sharing::turns ? How::nothing : take()) {}
  ~TableLock() {
    if (__builtin_expect(how_ != How::nothing, 0)) give(how_);
  }
  // The thread of this slot ends, and will not come back to where it took the lock.
  static void abandon(const crcp::MpiThread& slot) noexcept;
  // In the child of a fork: of other threads that had it nobody is left.
  static void abandon_others(const crcp::MpiThread& slot) noexcept;
  TableLock(const TableLock&) = delete;
  TableLock& operator=(const TableLock&) = delete;

 private:
  enum class How { nothing, biased, locked };
  static How take() noexcept;
  static void give(How how) noexcept;
  const How how_;
};

}  // namespace cairn::shim
