// SPDX-License-Identifier: Apache-2.0
// Passive targets of local windows: locks in the shared words, and what reaches a target. All operations are done when
// their calls return: flushing is a matter of the memory's order only.
#include <algorithm>
#include <atomic>

#include "mpi/shim/objects/info/info.hpp"
#include "mpi/shim/objects/window/active.hpp"
#include "mpi/shim/objects/window/local_calls.hpp"
#include "mpi/shim/objects/window/transfer.hpp"
#include "mpi/shim/objects/window/waiting.hpp"

namespace cairn::shim {
namespace {

Held& held_of(LocalWindow& window, int target) noexcept { return window.epoch.held[static_cast<std::size_t>(target)]; }

// In a section. A lock is asked for by one thread; others see that it is awaited.
std::uint32_t ask_for(LocalWindow& window, int target, Held how) noexcept {
  held_of(window, target) = how == Held::unchecked ? how : Held::awaited;
  return how == Held::unchecked ? 0 : window.control.of(target).lock.take();
}

// In a section. Has the turn of this ticket come?
bool has_come(LocalWindow& window, int target, Held how, std::uint32_t ticket) noexcept {
  TicketLock& lock = window.control.of(target).lock;
  const bool come = how == Held::unchecked || (how == Held::shared ? lock.may_read(ticket) : lock.may_write(ticket));
  if (come) held_of(window, target) = how;
  return come;
}

// In a section.
void release(LocalWindow& window, int target) noexcept {
  Held& held = held_of(window, target);
  if (held == Held::shared) window.control.of(target).lock.read();
  if (held == Held::exclusive) window.control.of(target).lock.written();
  held = Held::nothing;
}

// Several threads may be the first to use it.
__attribute__((noinline)) void reach_first(LocalWindow& window, int target, const char* name) {
  const Held how = window.epoch.all_unchecked ? Held::unchecked : Held::shared;
  bool asked = false;
  std::uint32_t ticket = 0;
  wait_until(name, target, [&]() noexcept {
    if (!asked && held_of(window, target) != Held::nothing) return held_of(window, target) != Held::awaited;
    if (!asked) ticket = ask_for(window, target, how);
    asked = true;
    return has_come(window, target, how, ticket);
  });
}

// Of MPI_Win_lock_all: one that is not used is not waited for.
inline void reach(LocalWindow& window, int target, const char* name) {
  if (held_of(window, target) < Held::shared) reach_first(window, target, name);
}

bool forbids_locks(const LocalWindow& window) {
  if (window.info == nullptr) return false;
  const auto& items = window.info->store->items;
  return std::any_of(items.begin(), items.end(),
                     [](const auto& item) { return item.first == "no_locks" && item.second == "true"; });
}

int may_lock(const LocalWindow& window, int assertion) {
  if ((assertion & ~MPI_MODE_NOCHECK) != 0) return MPI_ERR_ASSERT;
  return forbids_locks(window) ? MPI_ERR_RMA_SYNC : MPI_SUCCESS;
}

// As Open MPI has it MPI_PROC_NULL is none.
bool is_member(const LocalWindow& window, int target) noexcept { return target >= 0 && target < window.size; }

// Only within an epoch that a lock has begun.
int flush(LocalWindow& window, int target) noexcept {
  if (!is_member(window, target)) return MPI_ERR_RANK;
  take_part_sometimes();
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const Epoch& epoch = window.epoch;
  const bool locked = epoch.all || epoch.held[static_cast<std::size_t>(target)] != Held::nothing;
  return locked ? MPI_SUCCESS : MPI_ERR_RMA_SYNC;
}

int flush_all(LocalWindow& window) noexcept {
  take_part_sometimes();
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return window.epoch.is_passive() ? MPI_SUCCESS : MPI_ERR_RMA_SYNC;
}

}  // namespace

int access(LocalWindow& window, int target) noexcept {
  Epoch& epoch = window.epoch;
  if (epoch.all) {
    reach(window, target, "MPI_Win_lock_all");
    return MPI_SUCCESS;
  }
  if (epoch.locks.load(std::memory_order_relaxed) != 0)
    return held_of(window, target) != Held::nothing ? MPI_SUCCESS : MPI_ERR_RMA_SYNC;
  if (epoch.started) return await_post(window, target);
  if (!epoch.fenced) return MPI_ERR_RMA_SYNC;
  epoch.used.store(true, std::memory_order_relaxed);
  return MPI_SUCCESS;
}

void take_part_sometimes() noexcept {
  constexpr unsigned kSeldom = 64;
  static constinit std::atomic<unsigned> calls{0};  // about: two threads may count as one
  const unsigned now = calls.load(std::memory_order_relaxed) + 1;
  calls.store(now, std::memory_order_relaxed);
  if (now % kSeldom != 0) return;
  const crcp::Section section;
  crcp::duties();
  p2p::progress_library();
}

void await_standing(const LocalWindow& window, int target) noexcept {
  wait_until("a one-sided call", target, [&]() noexcept { return !window.is_standing(target); });
}

namespace local {

int Win_lock(int type, int target, int assertion, MPI_Win win) {
  LocalWindow& window = *win->local;
  if (type != MPI_LOCK_SHARED && type != MPI_LOCK_EXCLUSIVE) return MPI_ERR_LOCKTYPE;
  if (!is_member(window, target)) return MPI_ERR_RANK;
  if (const int rc = may_lock(window, assertion); rc != MPI_SUCCESS) return rc;
  Epoch& epoch = window.epoch;
  const bool unchecked = (assertion & MPI_MODE_NOCHECK) != 0;
  const Held how = unchecked ? Held::unchecked : type == MPI_LOCK_SHARED ? Held::shared : Held::exclusive;
  std::uint32_t ticket;
  {
    const crcp::Section section;
    const bool busy = epoch.locks == 0 && epoch.is_busy();
    if (busy || epoch.all || held_of(window, target) != Held::nothing) return MPI_ERR_RMA_SYNC;
    ++epoch.locks;
    ticket = ask_for(window, target, how);
    if (has_come(window, target, how, ticket)) return MPI_SUCCESS;
  }
  wait_until("MPI_Win_lock", target, [&]() noexcept { return has_come(window, target, how, ticket); });
  return MPI_SUCCESS;
}

int Win_unlock(int target, MPI_Win win) {
  LocalWindow& window = *win->local;
  if (!is_member(window, target)) return MPI_ERR_RANK;
  take_part_sometimes();
  const crcp::Section section;
  Epoch& epoch = window.epoch;
  if (epoch.all || held_of(window, target) == Held::nothing) return MPI_ERR_RMA_SYNC;
  release(window, target);
  --epoch.locks;
  return MPI_SUCCESS;
}

int Win_lock_all(int assertion, MPI_Win win) {
  LocalWindow& window = *win->local;
  if (const int rc = may_lock(window, assertion); rc != MPI_SUCCESS) return rc;
  Epoch& epoch = window.epoch;
  {
    const crcp::Section section;
    if (epoch.is_busy()) return MPI_ERR_RMA_SYNC;
    epoch.all_unchecked = (assertion & MPI_MODE_NOCHECK) != 0;
    epoch.all = true;
  }
  // Memory that may be used without any call.
  for (int target = 0; target < window.size; ++target)
    if (target == window.rank || window.is_common()) reach(window, target, "MPI_Win_lock_all");
  return MPI_SUCCESS;
}

int Win_unlock_all(MPI_Win win) {
  LocalWindow& window = *win->local;
  take_part_sometimes();
  const crcp::Section section;
  if (!window.epoch.all) return MPI_ERR_RMA_SYNC;
  for (int target = 0; target < window.size; ++target) release(window, target);
  window.epoch.all = false;
  return MPI_SUCCESS;
}

int Win_flush(int target, MPI_Win win) { return flush(*win->local, target); }
int Win_flush_local(int target, MPI_Win win) { return flush(*win->local, target); }
int Win_flush_all(MPI_Win win) { return flush_all(*win->local); }
int Win_flush_local_all(MPI_Win win) { return flush_all(*win->local); }

int Win_sync(MPI_Win) {
  take_part_sometimes();
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return MPI_SUCCESS;
}

}  // namespace local
}  // namespace cairn::shim
