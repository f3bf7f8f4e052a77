// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/inside.hpp"

#include <atomic>

#include "core/abi/crossing.h"
#include "core/abi/host_table.h"
#include "mpi/crcp/door.hpp"
#include "mpi/crcp/gate.hpp"
#include "mpi/shim/callback.hpp"

namespace cairn::crcp {

namespace {

constexpr std::uint32_t kDuties = kOwed | kRecorded;

// Thread-local storage is the guest's behind GuestSide only: not to be looked at in the caller.
__attribute__((noinline)) bool is_in_collective() noexcept {
  return mpi_thread().inside.load(std::memory_order_relaxed) == kCollective;
}

// Called by the library, at other times too: when a thread polls, or the callback thread does, who have the lock.
int on_progress() noexcept {
  if ((attention() & kDuties) == 0) return 0;
  const shim::GuestSide side;
  if (!side.ok() || !is_in_collective() || !try_lock_from(kCollective)) return 0;
  if (mode() != Mode::closed) duties();
  unlock_to(kCollective);
  return 0;
}

// Not of MPI's interface: where the library does not have it, recorded collectives wait until the call returns.
void call_with_callback(const char* name) noexcept {
  using Function = int(int (*)() noexcept);
  const std::uint64_t guest = cairn_enter();
  if (auto* function = reinterpret_cast<Function*>(CAIRN_TABLE->dlsym(name))) function(on_progress);
  cairn_leave(guest);
}

// The library calls us, whichever thread lets it work. Changed with the lock held.
std::atomic<bool> listening{false};

bool listens() noexcept { return listening.load(std::memory_order_relaxed); }

void begin_listening() noexcept {
  if (listens()) return;
  listening.store(true, std::memory_order_relaxed);
  call_with_callback("opal_progress_register");
}

void end_listening() noexcept {
  listening.store(false, std::memory_order_relaxed);
  call_with_callback("opal_progress_unregister");
}

bool has_duties() noexcept { return (attention() & kDuties) != 0; }

// One that is just taking the lock counts, too: it may be on its way out of a collective, or to something in it.
bool others_are_inside() noexcept {
  const MpiThread& self = mpi_thread();
  return any_mpi_thread(
      [&](const MpiThread& t) { return &t != &self && t.inside.load(std::memory_order_acquire) != kOut; });
}

}  // namespace

void listen_for_others() noexcept {
  if (has_duties() && others_are_inside()) begin_listening();
}

void forget_listening() noexcept { listening.store(false, std::memory_order_relaxed); }

void go_inside() noexcept {
  if (has_duties()) begin_listening();
  unlock_to(kCollective);
}

void come_outside() noexcept {
  if (!listens()) return;
  lock_from(kCollective);
  if (listens() && !(has_duties() && others_are_inside())) end_listening();
  unlock_to(kCollective);
}

}  // namespace cairn::crcp
