// SPDX-License-Identifier: Apache-2.0
// How crcp learns of communicators. Guest thread pointer; may not throw.
#pragma once

#include "mpi/shim/handle.hpp"

namespace cairn::crcp {

// A communicator got a handle, a real communicator and an identity / is about to lose them. crcp sets and frees
// comm.crcp. Called for MPI_COMM_WORLD and MPI_COMM_SELF too (after Init).
void comm_created(ompi_communicator_t& comm) noexcept;
// Instead of comm_freed(), which comes later: the application has freed it, but requests still need it. Not for one on
// which collectives may still be started: it keeps its door.
void comm_held(ompi_communicator_t& comm) noexcept;
// No admission of ours is under way on it: it can be freed. With the lock held.
bool comm_can_go(const ompi_communicator_t& comm) noexcept;
void comm_freed(ompi_communicator_t& comm) noexcept;

}  // namespace cairn::crcp
