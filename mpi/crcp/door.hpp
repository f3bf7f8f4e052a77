// SPDX-License-Identifier: Apache-2.0
// The door in front of every collective call (docs/quiesce.md, "The door"); its rules are in door_rules.hpp. In mode
// NORMAL it is two counters and a test. Everything here is called with the lock of gate.hpp held (guest thread in a
// section, or the callback thread), with the guest's thread pointer; functions that enter the real library say so.
#pragma once

#include <cstdint>

#include "mpi/crcp/comm_state.hpp"

namespace cairn::crcp {

Mode mode() noexcept;
void set_mode(Mode m) noexcept;  // and the attention bits that go with it

// What every poll loop does besides its own business: progresses all admissions and begins recorded non-blocking
// collectives whose door is open. Enters the library.
void duties() noexcept;

// Gives the lock up for a moment and takes it again: of a guest thread whose door is closed.
void wait_at_door() noexcept;

// Of all communicators: add_owed() (continue and abort), forget_admissions(), admissions_settled() of door_rules.hpp.
void add_all_owed() noexcept;
void forget_all_admissions() noexcept;
bool all_admissions_settled() noexcept;

// A non-blocking collective that returns before its door is open. begin(data) makes the real call: it is called once,
// with the lock held, by whoever sees the door open.
struct RecordedCollective {
  CommState* state;
  std::uint64_t k;
  void (*begin)(void* data) noexcept;
  void* data;
};
void record_collective(const RecordedCollective& recorded) noexcept;  // k is `called`

}  // namespace cairn::crcp
