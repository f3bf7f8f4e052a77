// SPDX-License-Identifier: Apache-2.0
// The door of calls that are collective over a group that has no communicator yet and so no counters:
// MPI_Comm_create_group, and MPI_Intercomm_create, whose group are both groups. Its members gather in front of it, by
// letters, and go in when all are there: if one of them is inside at the freeze, the others stand at this very door,
// and RELEASE lets them in. Its calls are in collective.hpp.
#pragma once

namespace cairn::crcp {

// The same gathering of all ranks of MPI_COMM_WORLD, without a call behind it: who waits here can be checkpointed, as
// one who is inside of the library cannot. Who is through never gathers again: no cut leaves others here then, since
// RELEASE lets them through. Once in a process, before its end. The lock is not held.
void gather_all(const char* name) noexcept;

}  // namespace cairn::crcp
