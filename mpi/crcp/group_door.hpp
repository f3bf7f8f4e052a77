// SPDX-License-Identifier: Apache-2.0
// The door of MPI_Comm_create_group, which is collective over a group that has no communicator yet and so no counters.
// Its members gather in front of it, by empty messages on a communicator of our own, and go in when all are there: if
// one of them is inside at the freeze, the others stand at this very door, and RELEASE lets them in.
// Called with the lock of gate.hpp held, with the guest's thread pointer, unless said otherwise.
#pragma once

#include <cstdint>

#include "mpi/shim/handle.hpp"

namespace cairn::crcp {

// Duplicates MPI_COMM_WORLD for those messages: collective, without lock. Gives an MPI error code. Without it, as in
// processes that have no agent, members do not gather.
int make_group_channel() noexcept;
// The same after a restart, if there was one: whoever stands at the door begins to gather again.
int make_group_channel_again() noexcept;
void free_group_channel() noexcept;
// It, or null. Some tags are free for others: gather_tag.hpp.
shim::RealComm* group_channel() noexcept;

// The same gathering of all ranks of MPI_COMM_WORLD, without a call behind it: who waits here can be checkpointed, as
// one who is inside of the library cannot. Who is through never gathers again: no cut leaves others here then, since
// RELEASE lets them through. Once in a process, before its end. The lock is not held.
void gather_all(const char* name) noexcept;

}  // namespace cairn::crcp
