// SPDX-License-Identifier: Apache-2.0
// The participant for collectives: where every rank stands at the doors of all communicators (door.hpp) and at those of
// group calls (group_door.hpp).
#pragma once

#include <cstdint>
#include <string>

#include "mpi/crcp/comm_state.hpp"
#include "mpi/crcp/participant.hpp"

namespace cairn::crcp {

Participant& doors() noexcept;

// With the lock held, between F0 and F1: the communicators on which this rank is not level yet, for the tools:
// "IDENTITY:ENTERED" of each, with spaces between.
std::string late_on();
// ... "MPI_COMM_WORLD", "a communicator of 3 ranks made by MPI_Comm_split".
std::string describe(const CommState& state);

// With the lock held. Gives a communicator that was made meanwhile what the fences said about it.
void apply_limits(CommState& state) noexcept;
// ... and what an earlier request, given up before this rank had it, has left owed. True if there is any.
bool take_owed(CommState& state) noexcept;
// Some rank was inside this group call at the freeze, or had passed its door.
bool is_released(std::uint64_t group_call) noexcept;

}  // namespace cairn::crcp
