// SPDX-License-Identifier: Apache-2.0
// Messages of our own between ranks, on a duplicate of MPI_COMM_WORLD: those at doors that are not a communicator's own
// (group_door.hpp), and admissions of intercommunicators. A letter is found by who sent it, its key and its part, which
// both sides know; equal ones are taken in the order in which they were sent. Letters do not survive a restart:
// whoever waits for some begins anew then (letters_generation()).
//
// Called with the lock of gate.hpp held, with the guest's thread pointer; enters the library, and waits for nobody.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "mpi/crcp/door_rules.hpp"
#include "mpi/shim/handle.hpp"

namespace cairn::crcp {

// Collective, without lock. Gives an MPI error code. Without it, as in processes that have no agent, there are no
// letters.
int letters_open() noexcept;
// The same after a restart, if there was one.
int letters_open_again() noexcept;
void letters_close() noexcept;
std::uint32_t letters_generation() noexcept;
// The duplicate, or null. Others use it with tags of their own: all that are not between these.
shim::RealComm* letters_channel() noexcept;
inline constexpr int kFirstTag = 32000, kBehindTags = 1 << 16;
inline constexpr int kAcknowledgementTag = kFirstTag;  // of mpi/p2p/synchronous.cpp
inline constexpr int kLetterTag = kFirstTag + 1;

// `to`, `from`: ranks in MPI_COMM_WORLD.
void letter_send(std::int32_t to, std::uint64_t key, std::uint64_t part, std::span<const std::uint64_t> words = {});
// False if it is not here yet.
bool letter_take(std::int32_t from, std::uint64_t key, std::uint64_t part, std::vector<std::uint64_t>* words = nullptr);

// A barrier of these members, of which this rank is one, by letters in logarithmically many rounds. True when all have
// come. Who has come must go on calling it: others may need its letters.
bool all_have_come(std::uint64_t key, const std::vector<std::int32_t>& members, Rounds& rounds);

}  // namespace cairn::crcp
