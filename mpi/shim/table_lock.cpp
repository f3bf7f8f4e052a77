// SPDX-License-Identifier: Apache-2.0
#include "mpi/shim/table_lock.hpp"

#include <sched.h>

#include "mpi/crcp/gate.hpp"
#include "mpi/crcp/short_lock.hpp"

namespace cairn::shim {
namespace {

// Recursive: freeing a handle takes it, and so does giving its Fortran index back.
crcp::ShortLock table_lock;
std::atomic<const crcp::MpiThread*> holder{nullptr};  // the callback thread's slot is none
int depth = 0;                                        // of the holder

void add(crcp::MpiThread& self, std::uint32_t n) noexcept {
  self.tables.store(self.tables.load(std::memory_order_relaxed) + n, std::memory_order_release);
}

// The callback thread sets kWanted, and has a barrier run on all threads, before it takes any table.
bool has_bias() noexcept {
  return crcp::sharing.load(std::memory_order_relaxed) == crcp::Sharing::alone &&
         (crcp::attention() & crcp::kWanted) == 0;
}

void await_biased() noexcept {
  while (crcp::any_mpi_thread([](const crcp::MpiThread& t) { return t.tables.load(std::memory_order_acquire) != 0; }))
    sched_yield();
}

}  // namespace

TableLock::How TableLock::take() noexcept {
  crcp::MpiThread& self = crcp::mpi_thread_for_certain();
  if (self.tables.load(std::memory_order_relaxed) != 0) {  // who takes the bias away waits for the outermost region
    add(self, 1);
    return How::biased;
  }
  if (!crcp::callback_thread && has_bias()) {
    add(self, 1);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (has_bias()) return How::biased;
    add(self, ~0U);
  }
  if (holder.load(std::memory_order_relaxed) != &self) {
    table_lock.lock();
    holder.store(&self, std::memory_order_relaxed);
    if (crcp::callback_thread) await_biased();
  }
  ++depth;
  return How::locked;
}

void TableLock::abandon(const crcp::MpiThread& slot) noexcept {
  if (holder.load(std::memory_order_relaxed) != &slot) return;
  depth = 0;
  holder.store(nullptr, std::memory_order_relaxed);
  table_lock.unlock();
}

void TableLock::abandon_others(const crcp::MpiThread& slot) noexcept {
  const crcp::MpiThread* const other = holder.load(std::memory_order_relaxed);
  if (other != nullptr && other != &slot) abandon(*other);
}

void TableLock::give(How how) noexcept {
  if (how == How::biased) {
    add(crcp::mpi_thread(), ~0U);
  } else if (--depth == 0) {
    holder.store(nullptr, std::memory_order_relaxed);
    table_lock.unlock();
  }
}

}  // namespace cairn::shim
