// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/inside.hpp"

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

// How many threads listen: the library calls each function once, whoever has registered it. With the lock held.
int listeners = 0;

}  // namespace

void go_inside() noexcept {
  MpiThread& self = mpi_thread();
  self.listening = (attention() & kDuties) != 0;
  if (self.listening && ++listeners == 1) call_with_callback("opal_progress_register");
  unlock_to(kCollective);
}

void come_outside() noexcept {
  MpiThread& self = mpi_thread();
  if (!self.listening) return;
  self.listening = false;
  lock_from(kCollective);
  if (--listeners == 0) call_with_callback("opal_progress_unregister");
  unlock_to(kCollective);
}

}  // namespace cairn::crcp
