// SPDX-License-Identifier: Apache-2.0
// Taken around changes of the shim's lists and tables; does something in MPI_THREAD_MULTIPLE only. Recursive.
#pragma once

namespace cairn::shim {

class TableLock {
 public:
  TableLock() noexcept;
  ~TableLock();
  TableLock(const TableLock&) = delete;
  TableLock& operator=(const TableLock&) = delete;

 private:
  bool locked_;
};

}  // namespace cairn::shim
