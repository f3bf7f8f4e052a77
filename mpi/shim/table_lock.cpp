// SPDX-License-Identifier: Apache-2.0
#include "mpi/shim/table_lock.hpp"

#include <pthread.h>

namespace cairn::shim {
namespace {

// Recursive: freeing a handle takes it, and so does giving its Fortran index back.
pthread_mutex_t table_mutex = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

void add(crcp::MpiThread& self, std::uint32_t n) noexcept {
  self.tables.store(self.tables.load(std::memory_order_relaxed) + n, std::memory_order_release);
}

}  // namespace

TableLock::How TableLock::take() noexcept {
  crcp::MpiThread& self = crcp::mpi_thread_for_certain();
  if (!crcp::callback_thread && crcp::sharing.load(std::memory_order_relaxed) == crcp::Sharing::alone) {
    add(self, 1);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (crcp::sharing.load(std::memory_order_relaxed) == crcp::Sharing::alone) return How::biased;
    add(self, ~0U);
  }
  pthread_mutex_lock(&table_mutex);
  return How::mutex;
}

void TableLock::give(How how) noexcept {
  if (how == How::biased)
    add(crcp::mpi_thread(), ~0U);
  else
    pthread_mutex_unlock(&table_mutex);
}

}  // namespace cairn::shim
