// SPDX-License-Identifier: Apache-2.0
// Passive targets: locks in the words of the members, and what reaches a target. In near windows all operations are
// done when their calls return: flushing is a matter of the memory's order only.
#include <algorithm>
#include <atomic>

#include "mpi/shim/objects/info/info.hpp"
#include "mpi/shim/objects/window/active.hpp"
#include "mpi/shim/objects/window/local_calls.hpp"
#include "mpi/shim/objects/window/transfer.hpp"
#include "mpi/shim/objects/window/waiting.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {
namespace {

constexpr const char* kForLock = "for the lock of";  // others may have it than that rank

Held& held_of(LocalWindow& window, int target) noexcept { return window.epoch.held[static_cast<std::size_t>(target)]; }

// What has come of a wish for a lock: its place in the queue is kept over a restart, wherever the members are then.
struct Wish {
  int target;
  Held how;
  bool mine = false;  // this thread asks for it; others see that it is awaited
  bool queued = false;
  std::uint32_t ticket = 0;
};

void begin(LocalWindow& window, Wish& wish) noexcept {
  wish.mine = true;
  held_of(window, wish.target) = Held::awaited;
}

void fulfil(LocalWindow& window, const Wish& wish) noexcept {
  window.epoch.tickets[static_cast<std::size_t>(wish.target)] = wish.ticket;
  held_of(window, wish.target) = wish.how;
}

// In a section, of a near window: is the lock there, for this thread or another that was the first to ask?
bool look_near(LocalWindow& window, Wish& wish) noexcept {
  if (!wish.mine && held_of(window, wish.target) != Held::nothing) return held_of(window, wish.target) != Held::awaited;
  begin(window, wish);
  TicketLock& lock = window.control.of(wish.target).lock;
  const bool unchecked = wish.how == Held::unchecked;
  if (!unchecked && !wish.queued) wish.ticket = lock.take();
  wish.queued = true;
  const bool come = unchecked || (wish.how == Held::shared ? lock.may_read(wish.ticket) : lock.may_write(wish.ticket));
  if (come) fulfil(window, wish);
  return come;
}

int acquire_near(LocalWindow& window, Wish& wish, const char* name) {
  int rc = MPI_SUCCESS;
  wait_until(name, window.comm, kForLock, wish.target, [&]() noexcept {
    rc = window.is_far() ? kMoved : MPI_SUCCESS;
    return rc == kMoved || look_near(window, wish);
  });
  return rc;
}

// One look at a lock that is far away: one crossing of the network, if it is free.
int look_far(LocalWindow& window, Wish& wish, const char* name, bool& mine) {
  const InsideScope scope(name);
  if (!window.is_far()) return kMoved;
  RealSide& side = window.real_side();
  std::uint64_t word = 0;
  int rc = side.fetch_add(wish.target, Control::kPackedAt, wish.queued ? 0 : PackedLock::kTake, &word);
  if (rc != MPI_SUCCESS) return rc;
  if (!wish.queued) {
    wish.ticket = PackedLock::ticket(word);
    if (wish.ticket == PackedLock::kMask) rc = side.add(wish.target, Control::kPackedAt, PackedLock::kTakeBack);
  }
  wish.queued = true;
  mine =
      PackedLock::same(wish.how == Held::shared ? PackedLock::reading(word) : PackedLock::writing(word), wish.ticket);
  if (mine && wish.how == Held::shared)
    rc = side.add(wish.target, Control::kPackedAt, PackedLock::next_reader(wish.ticket));
  return rc;
}

int acquire_far(LocalWindow& window, Wish& wish, const char* name) {
  begin(window, wish);
  int rc = MPI_SUCCESS;
  for (bool mine = wish.how == Held::unchecked; !mine && rc == MPI_SUCCESS;) {
    rc = look_far(window, wish, name, mine);
    if (!mine && rc == MPI_SUCCESS) look_around(name, window.comm, kForLock, wish.target);
  }
  if (rc == MPI_SUCCESS) fulfil(window, wish);
  return rc;
}

int acquire(LocalWindow& window, Wish& wish, const char* name) {
  const int rc = as_it_is(
      window, [&] { return acquire_far(window, wish, name); }, [&] { return acquire_near(window, wish, name); });
  if (rc != MPI_SUCCESS) held_of(window, wish.target) = Held::nothing;
  return rc;
}

// Behind all that was done while it was held. That the lock is free again is not waited for.
int release_far(LocalWindow& window, int target, Held held) {
  RealSide& side = window.real_side();
  int rc = side.flush(target);
  if (rc == MPI_SUCCESS) rc = side.flush_words(target);
  if (rc != MPI_SUCCESS || held == Held::unchecked) return rc;
  std::uint64_t more = PackedLock::kNextWriter;
  if (held == Held::exclusive)
    more += PackedLock::next_reader(window.epoch.tickets[static_cast<std::size_t>(target)] & PackedLock::kMask);
  return side.add(target, Control::kPackedAt, more);
}

// In a section, or inside.
int release(LocalWindow& window, int target) {
  const Held held = held_of(window, target);
  held_of(window, target) = Held::nothing;
  if (window.is_far()) return release_far(window, target, held);
  if (held == Held::shared) window.control.of(target).lock.read();
  if (held == Held::exclusive) window.control.of(target).lock.written();
  return MPI_SUCCESS;
}

// end() is called in a section, or inside.
template <class End>
int end_epoch(LocalWindow& window, const char* name, End&& end) {
  take_part_sometimes();
  const auto from_afar = [&] {
    const InsideScope scope(name);
    return window.is_far() ? end() : kMoved;
  };
  const auto here = [&] {
    const crcp::Section section;
    return window.is_far() ? kMoved : end();
  };
  return as_it_is(window, from_afar, here);
}

__attribute__((noinline)) int reach_first(LocalWindow& window, int target, const char* name) {
  Wish wish{target, window.epoch.all_unchecked ? Held::unchecked : Held::shared};
  return acquire(window, wish, name);
}

// Of MPI_Win_lock_all: one that is not used is not waited for. Several threads may be the first to use it.
inline int reach(LocalWindow& window, int target, const char* name) {
  return held_of(window, target) < Held::shared ? reach_first(window, target, name) : MPI_SUCCESS;
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

// In near windows there is nothing to wait for; flush_far(side) makes the real calls.
template <class FlushFar>
int flush_as_it_is(LocalWindow& window, const char* name, FlushFar&& flush_far) {
  take_part_sometimes();
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (!window.is_far()) return MPI_SUCCESS;
  const InsideScope scope(name);
  p2p::progress_library();
  return window.is_far() ? flush_far(window.real_side()) : MPI_SUCCESS;
}

// Only within an epoch that a lock has begun.
template <class FlushFar>
int flush(LocalWindow& window, int target, const char* name, FlushFar&& flush_far) {
  if (!is_member(window, target)) return MPI_ERR_RANK;
  const Epoch& epoch = window.epoch;
  const bool locked = epoch.all || epoch.held[static_cast<std::size_t>(target)] != Held::nothing;
  return locked ? flush_as_it_is(window, name, flush_far) : MPI_ERR_RMA_SYNC;
}

template <class FlushFar>
int flush_all(LocalWindow& window, const char* name, FlushFar&& flush_far) {
  return window.epoch.is_passive() ? flush_as_it_is(window, name, flush_far) : MPI_ERR_RMA_SYNC;
}

}  // namespace

int access(LocalWindow& window, int target) noexcept {
  Epoch& epoch = window.epoch;
  if (epoch.all) return reach(window, target, "MPI_Win_lock_all");
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

void look_around(const char* name, const ompi_communicator_t* comm, const char* towards, int peer) noexcept {
  {
    const crcp::Section section;
    crcp::mpi_thread().call = name;
    crcp::note_frame(name, CAIRN_CALL_FRAME);
    crcp::note_awaited(comm, towards, peer, MPI_ANY_TAG);
    crcp::duties();
    p2p::progress_library();
  }
  sched_yield();
}

void await_standing(const LocalWindow& window, int target) noexcept {
  wait_until("a one-sided call", window.comm, "for", target, [&]() noexcept { return !window.is_standing(target); });
}

namespace local {

int Win_lock(int type, int target, int assertion, MPI_Win win) {
  LocalWindow& window = *win->local;
  if (type != MPI_LOCK_SHARED && type != MPI_LOCK_EXCLUSIVE) return MPI_ERR_LOCKTYPE;
  if (!is_member(window, target)) return MPI_ERR_RANK;
  if (const int rc = may_lock(window, assertion); rc != MPI_SUCCESS) return rc;
  Epoch& epoch = window.epoch;
  const bool unchecked = (assertion & MPI_MODE_NOCHECK) != 0;
  Wish wish{target, unchecked ? Held::unchecked : type == MPI_LOCK_SHARED ? Held::shared : Held::exclusive};
  {
    const crcp::Section section;
    const bool busy = epoch.locks == 0 && epoch.is_busy();
    if (busy || epoch.all || held_of(window, target) != Held::nothing) return MPI_ERR_RMA_SYNC;
    ++epoch.locks;
    begin(window, wish);
    if (!window.is_far() && look_near(window, wish)) return MPI_SUCCESS;
  }
  const int rc = acquire(window, wish, "MPI_Win_lock");
  if (rc != MPI_SUCCESS) --epoch.locks;
  return rc;
}

int Win_unlock(int target, MPI_Win win) {
  LocalWindow& window = *win->local;
  if (!is_member(window, target)) return MPI_ERR_RANK;
  return end_epoch(window, "MPI_Win_unlock", [&] {
    if (window.epoch.all || held_of(window, target) == Held::nothing) return int{MPI_ERR_RMA_SYNC};
    const int rc = release(window, target);
    --window.epoch.locks;
    return rc;
  });
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
  int rc = MPI_SUCCESS;
  for (int target = 0; target < window.size && rc == MPI_SUCCESS; ++target)
    if (target == window.rank || window.is_common()) rc = reach(window, target, "MPI_Win_lock_all");
  return rc;
}

int Win_unlock_all(MPI_Win win) {
  LocalWindow& window = *win->local;
  return end_epoch(window, "MPI_Win_unlock_all", [&] {
    if (!window.epoch.all) return int{MPI_ERR_RMA_SYNC};
    int rc = MPI_SUCCESS;
    for (int target = 0; target < window.size; ++target)
      if (held_of(window, target) != Held::nothing)
        if (const int one = release(window, target); one != MPI_SUCCESS) rc = one;
    window.epoch.all = false;
    return rc;
  });
}

int Win_flush(int target, MPI_Win win) {
  return flush(*win->local, target, "MPI_Win_flush", [&](RealSide& side) { return side.flush(target); });
}

int Win_flush_local(int target, MPI_Win win) {
  return flush(*win->local, target, "MPI_Win_flush_local", [](RealSide& side) { return side.flush_local(); });
}

int Win_flush_all(MPI_Win win) {
  return flush_all(*win->local, "MPI_Win_flush_all", [](RealSide& side) { return side.flush_all(); });
}

int Win_flush_local_all(MPI_Win win) {
  return flush_all(*win->local, "MPI_Win_flush_local_all", [](RealSide& side) { return side.flush_local(); });
}

int Win_sync(MPI_Win win) {
  return flush_as_it_is(*win->local, "MPI_Win_sync",
                        [](RealSide& side) { return cross(real.Win_sync, side.memory()); });
}

}  // namespace local
}  // namespace cairn::shim
