// SPDX-License-Identifier: Apache-2.0
// What the fences of the request being served have told this rank about all communicators of the job, its own or not.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mpi/crcp/comm_state.hpp"
#include "mpi/crcp/messages.hpp"

namespace cairn::crcp {

struct KnownComm {
  std::uint64_t identity;
  std::vector<std::int32_t> members;  // world ranks, sorted
  std::uint64_t limit = 0, limit2 = 0, top = 0;
};

void known_reset() noexcept;
// F0: `entered` of every communicator, tombstones too, with its members. False: the bytes make no sense.
void write_entered(Writer& out);
bool read_entered(Reader& in);
// F2: entered and issued, and the group call that the guest is inside.
void write_positions(Writer& out);
bool read_positions(Reader& in);
// Gives limit, limit2 and top to the CommStates of this process. With the lock held.
void apply_all() noexcept;
void apply_limits(CommState& state) noexcept;

bool was_forgotten(std::uint64_t identity) noexcept;  // comm_state.cpp
// Some rank was inside this group call at the freeze.
bool is_released(std::uint64_t group_call) noexcept;
// The guest is in no group call, and entered >= limit for everything this rank is a member of, known here yet or not.
// With the lock held. Otherwise `behind` names the first communicator that is not, and how many collectives this rank
// has begun there.
bool is_level(std::int32_t world_rank, std::string& behind);
// entered == limit2 likewise, and the guest does not stand at the door of a released group call.
bool has_caught_up() noexcept;

}  // namespace cairn::crcp
