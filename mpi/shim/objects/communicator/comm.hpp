// SPDX-License-Identifier: Apache-2.0
// Making and unmaking of guest communicators. Internal to mpi/shim.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "mpi/shim/handle.hpp"
#include "mpi/shim/objects/topology/topology.hpp"

namespace cairn::shim {

// How a communicator came to be, as far as its identity is concerned.
struct Origin {
  ompi_communicator_t* parent = nullptr;
  bool group_call = false;  // MPI_Comm_create_group: not collective over the parent
  int tag = 0;
  std::uint64_t meeting = 0;           // MPI_Intercomm_create: the call, of which both groups know
  const Topology* topology = nullptr;  // that the call gives it
  // A duplicate has these; otherwise the real library is asked.
  MemberList* same_members = nullptr;
  TopologyShape* same_shape = nullptr;
};

struct ChildCounts {
  std::unordered_map<std::uint64_t, std::uint64_t> made;  // by member list and tag: how many so far
};

// The identity of the next child of origin.parent with these members. The same on all of them, since each of them sees
// all creations with its own member list, in the same order.
std::uint64_t next_identity(const Origin& origin, const MemberList* members, const MemberList* remote);
// Of a call of MPI_Comm_create_group: the same at all members, and odd. The next call with the same arguments has
// another one: a member that is still inside of this one says nothing about the door of the next.
std::uint64_t group_call_identity(MPI_Comm comm, MPI_Group group, int tag) noexcept;
// Of a call of MPI_Intercomm_create: the same in the local group, and no other call's.
std::uint64_t next_meeting(ompi_communicator_t* local);
std::uint64_t meeting_key(const ompi_communicator_t* peer, int tag) noexcept;
std::uint64_t identity_of_self(int world_rank) noexcept;

// A guest handle for a new real communicator: asks it for its members, derives its identity, inherits the error
// handler, tells crcp. Gives MPI_COMM_NULL for the null one. Crosses: behind the door or in a section.
MPI_Comm comm_adopt(RealComm* made, const Origin& origin);
// A real communicator of these ranks of MPI_COMM_WORLD, whose members `parent` has: MPI_Comm_create_group. Crosses.
int make_real_comm(RealComm* parent, const std::int32_t* world_ranks, int size, int tag, RealComm** made);
// A new info object with the hints that the real one has. Crosses: behind the door or in a section.
ompi_info_t* comm_hints(ompi_communicator_t* comm);
// Fills world and self after MPI_Init.
void comm_fill_predefined();
// The real communicator is gone; the handle goes to the pool.
void comm_release(ompi_communicator_t* comm) noexcept;

// All communicators that have a handle, world and self first.
ompi_communicator_t* first_comm() noexcept;
ompi_communicator_t* next_comm(ompi_communicator_t* comm) noexcept;

// Those whose MPI_Comm_idup is not complete, of which the application has the handle; `next` is the next one.
ompi_communicator_t* first_unfinished() noexcept;

MPI_Group group_adopt(RealGroup* made, MemberList* same_members = nullptr);

}  // namespace cairn::shim
