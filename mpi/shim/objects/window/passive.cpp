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

void acquire(LocalWindow& window, int target, Held how, const char* name) {
  if (how != Held::unchecked) {
    bool queued = false;
    std::uint32_t ticket = 0;
    wait_until(name, target, [&]() noexcept {
      TicketLock& lock = window.control.of(target).lock;
      if (!queued) ticket = lock.take();
      queued = true;
      return how == Held::shared ? lock.may_read(ticket) : lock.may_write(ticket);
    });
  }
  window.epoch.held[static_cast<std::size_t>(target)] = how;
}

void release(LocalWindow& window, int target) {
  take_part_sometimes();
  Held& held = window.epoch.held[static_cast<std::size_t>(target)];
  const crcp::Section section;
  if (held == Held::shared) window.control.of(target).lock.read();
  if (held == Held::exclusive) window.control.of(target).lock.written();
  held = Held::nothing;
}

// Of MPI_Win_lock_all: one that is not used is not waited for.
void reach(LocalWindow& window, int target, const char* name) {
  if (window.epoch.held[static_cast<std::size_t>(target)] == Held::nothing)
    acquire(window, target, window.epoch.all_unchecked ? Held::unchecked : Held::shared, name);
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
  if (epoch.locks != 0)
    return epoch.held[static_cast<std::size_t>(target)] != Held::nothing ? MPI_SUCCESS : MPI_ERR_RMA_SYNC;
  if (epoch.started) return await_post(window, target);
  if (!epoch.fenced) return MPI_ERR_RMA_SYNC;
  epoch.used = true;
  return MPI_SUCCESS;
}

void take_part_sometimes() noexcept {
  constexpr unsigned kSeldom = 64;
  static constinit unsigned calls = 0;
  if (++calls % kSeldom != 0) return;
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
  const bool busy = epoch.locks == 0 && epoch.is_busy();
  if (busy || epoch.all || epoch.held[static_cast<std::size_t>(target)] != Held::nothing) return MPI_ERR_RMA_SYNC;
  const bool unchecked = (assertion & MPI_MODE_NOCHECK) != 0;
  acquire(window, target,
          unchecked                 ? Held::unchecked
          : type == MPI_LOCK_SHARED ? Held::shared
                                    : Held::exclusive,
          "MPI_Win_lock");
  ++epoch.locks;
  return MPI_SUCCESS;
}

int Win_unlock(int target, MPI_Win win) {
  LocalWindow& window = *win->local;
  if (!is_member(window, target)) return MPI_ERR_RANK;
  Epoch& epoch = window.epoch;
  if (epoch.all || epoch.held[static_cast<std::size_t>(target)] == Held::nothing) return MPI_ERR_RMA_SYNC;
  release(window, target);
  --epoch.locks;
  return MPI_SUCCESS;
}

int Win_lock_all(int assertion, MPI_Win win) {
  LocalWindow& window = *win->local;
  if (const int rc = may_lock(window, assertion); rc != MPI_SUCCESS) return rc;
  Epoch& epoch = window.epoch;
  if (epoch.is_busy()) return MPI_ERR_RMA_SYNC;
  epoch.all = true;
  epoch.all_unchecked = (assertion & MPI_MODE_NOCHECK) != 0;
  // Memory that may be used without any call.
  for (int target = 0; target < window.size; ++target)
    if (target == window.rank || window.is_common()) reach(window, target, "MPI_Win_lock_all");
  return MPI_SUCCESS;
}

int Win_unlock_all(MPI_Win win) {
  LocalWindow& window = *win->local;
  if (!window.epoch.all) return MPI_ERR_RMA_SYNC;
  for (int target = 0; target < window.size; ++target)
    if (window.epoch.held[static_cast<std::size_t>(target)] != Held::nothing) release(window, target);
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
