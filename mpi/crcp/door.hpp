// SPDX-License-Identifier: Apache-2.0
// The door in front of every collective call (docs/quiesce.md, "The door"). In mode NORMAL it is two counters and a
// test. Everything here is called with the lock of gate.hpp held (guest thread in a section, or agent), with the
// guest's thread pointer; functions that enter the real library say so.
#pragma once

#include <cstdint>

#include "mpi/crcp/comm_state.hpp"

namespace cairn::crcp {

enum class Mode : std::uint32_t { normal, waitres, admit, closed, release };

Mode mode() noexcept;
void set_mode(Mode m) noexcept;  // and the attention bits that go with it

// The three rules of the door.
bool needs_issue(const CommState& state, std::uint64_t k) noexcept;
bool is_open(const CommState& state, std::uint64_t k) noexcept;
void issue(CommState& state, std::uint64_t k) noexcept;  // enters the library

// What every poll loop does besides its own business: progresses all admissions and begins recorded non-blocking
// collectives whose door is open. Enters the library.
void duties() noexcept;

// Gives the lock up for a moment and takes it again: of a guest thread whose door is closed.
void wait_at_door() noexcept;

// owed += {limit + 1 .. top} without those <= limit2, at all communicators (continue and abort).
void add_owed() noexcept;
// The real library is a new one: nothing is issued there, nothing owed.
void forget_admissions() noexcept;

// Own Ibarriers k <= limit2 are complete everywhere.
bool admissions_settled() noexcept;

// For progress texts: the collective at whose door the guest stands, or null. Best effort.
const char* standing_at() noexcept;

// A non-blocking collective that returns before its door is open. begin(data) makes the real call: it is called once,
// with the lock held, by whoever sees the door open.
struct RecordedCollective {
  CommState* state;
  std::uint64_t k;
  void (*begin)(void* data) noexcept;
  void* data;
};
void record_collective(const RecordedCollective& recorded) noexcept;  // k is `called`
bool collectives_recorded() noexcept;

}  // namespace cairn::crcp
