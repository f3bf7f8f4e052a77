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

// Called by the library, at other times too: when a thread polls, or the callback thread does, who have the lock.
int on_progress() noexcept {
  if ((attention() & kDuties) == 0 || mpi_thread().inside.load(std::memory_order_relaxed) != kCollective) return 0;
  const shim::GuestSide side;
  if (!side.ok()) return 0;
  lock_from(kCollective);
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

}  // namespace

void go_inside() noexcept {
  MpiThread& self = mpi_thread();
  self.listening = (attention() & kDuties) != 0;
  if (self.listening) call_with_callback("opal_progress_register");
  unlock_to(kCollective);
}

void come_outside() noexcept {
  MpiThread& self = mpi_thread();
  if (!self.listening) return;
  self.listening = false;
  call_with_callback("opal_progress_unregister");
}

}  // namespace cairn::crcp
