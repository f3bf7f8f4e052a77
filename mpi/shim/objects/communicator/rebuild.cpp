// SPDX-License-Identifier: Apache-2.0
// Communicators after a restart, and those that keep the job from being checkpointed.
//
// They are made by MPI_Comm_create_group over MPI_COMM_WORLD in ascending order of identity; an intercommunicator by
// that on both sides, then by MPI_Intercomm_create between their first members. An identity is known to
// all members and nobody else needs to take part, and all ranks follow one total order: of those not yet made, the
// smallest is the next one for each of its members, so there is always one that can be finished. Of those that were
// freed, the ones are made that some member's requests need (held.hpp); who does not need it frees it at once.
#include <algorithm>
#include <vector>

#include "mpi/p2p/references.hpp"
#include "mpi/shim/generated/kinds.hpp"
#include "mpi/shim/kinds.hpp"
#include "mpi/shim/objects/communicator/comm.hpp"
#include "mpi/shim/objects/communicator/held.hpp"
#include "mpi/shim/objects/group/members.hpp"
#include "mpi/shim/objects/pool.hpp"
#include "mpi/shim/predefined.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {
namespace {

constexpr int kRebuildTag = 0;

int make(const std::int32_t* world_ranks, int size, RealComm** made) {
  return make_real_comm(real_objects.comm_world, world_ranks, size, kRebuildTag, made);
}

int make(const std::int32_t* world_ranks, int size, std::int32_t remote_leader, RealComm** made) {
  RealComm* own = real_objects.comm_null;
  int rc = make(world_ranks, size, &own);
  if (rc == MPI_SUCCESS)
    rc = cross(real.Intercomm_create, own, 0, real_objects.comm_world, remote_leader, kRebuildTag, made);
  if (rc == MPI_SUCCESS) rc = cross(real.Comm_free, &own);
  return rc;
}

int rebuild(ompi_communicator_t& comm) {
  RealComm* made = real_objects.comm_null;
  int rc = comm.inter ? make(comm.members->world, comm.members->size, comm.remote_members->world[0], &made)
                      : make(comm.members->world, comm.members->size, &made);
  if (rc == MPI_SUCCESS && comm.shape != nullptr) rc = shape_apply(*comm.shape, &made);
  if (rc == MPI_SUCCESS) rc = cross(real.Comm_set_errhandler, made, real_objects.errors_return);
  if (rc == MPI_SUCCESS && comm.info != nullptr) {
    const InfoScope info(comm.info);
    rc = cross(real.Comm_set_info, made, info.get());
  }
  int rank = -1;
  if (rc == MPI_SUCCESS) rc = cross(real.Comm_rank, made, &rank);
  if (rc == MPI_SUCCESS && rank != comm.rank) rc = MPI_ERR_RANK;
  comm.real = made;
  return rc;
}

// If only messages need it, it gets neither topology nor hints.
int rebuild(const HeldComm& needed) {
  if (needed.starts()) return rebuild(*find_held(needed.identity));
  RealComm* made = real_objects.comm_null;
  const int size = static_cast<int>(needed.members.size());
  int rc = needed.remote.empty() ? make(needed.members.data(), size, &made)
                                 : make(needed.members.data(), size, needed.remote[0], &made);
  if (rc == MPI_SUCCESS) rc = cross(real.Comm_set_errhandler, made, real_objects.errors_return);
  if (rc != MPI_SUCCESS) return rc;
  if (ompi_communicator_t* comm = find_held(needed.identity))
    comm->real = made;
  else
    rc = cross(real.Comm_free, &made);
  return rc;
}

std::size_t obstacle(char* text, std::size_t capacity, const ompi_communicator_t& comm) {
  const auto say = [&](const char* what, const char* how) {
    return describe_obstacle(text, capacity, what, comm.name, how);
  };
  if (!members_all_local(comm.members) || !members_all_local(comm.remote_members))
    return say("a communicator with processes of another job", "MPI_Comm_spawn, MPI_Comm_connect, ...");
  return 0;
}

}  // namespace

int make_real_comm(RealComm* parent, const std::int32_t* world_ranks, int size, int tag, RealComm** made) {
  RealGroup* group = nullptr;
  int rc = cross(real.Group_incl, world_group(), size, static_cast<const int*>(world_ranks), &group);
  if (rc == MPI_SUCCESS) rc = cross(real.Comm_create_group, parent, group, tag, made);
  if (rc == MPI_SUCCESS) rc = cross(real.Group_free, &group);
  return rc;
}

void communicator_rebind() noexcept {
  store<ompi_communicator_t>().pool.rebind(real_objects.comm_null);
  for (ompi_communicator_t* comm = first_held(); comm != nullptr; comm = comm->next)
    comm->real = real_objects.comm_null;
  for (ompi_communicator_t* comm = first_unfinished(); comm != nullptr; comm = comm->next)
    comm->real = real_objects.comm_null;
}

// World and self keep what the application knows of them; a job of another size cannot take over.
int world_rebuild() {
  auto* world = predefined<ompi_communicator_t>(ompi_mpi_comm_world);
  const int rank = world->rank, size = world->size;
  comm_fill_predefined();
  return world->rank == rank && world->size == size ? MPI_SUCCESS : MPI_ERR_RANK;
}

int communicator_rebuild() {
  struct Item {
    std::uint64_t identity;
    ompi_communicator_t* comm;
    const HeldComm* held;
  };
  std::vector<Item> all;
  for (ompi_communicator_t* comm = store<ompi_communicator_t>().live.head(); comm != nullptr; comm = comm->next)
    all.push_back({comm->identity, comm, nullptr});
  for (const HeldComm& held : held_by_anybody()) all.push_back({held.identity, nullptr, &held});
  std::sort(all.begin(), all.end(), [](const Item& a, const Item& b) { return a.identity < b.identity; });
  for (const Item& item : all) {
    const int rc = item.comm != nullptr ? rebuild(*item.comm) : rebuild(*item.held);
    if (rc != MPI_SUCCESS) return rc;
  }
  return MPI_SUCCESS;
}

std::size_t communicator_obstacle(char* text, std::size_t capacity) {
  for (const ompi_communicator_t* comm = store<ompi_communicator_t>().live.head(); comm != nullptr; comm = comm->next)
    if (const std::size_t n = obstacle(text, capacity, *comm); n != 0) return n;
  for (const ompi_communicator_t* comm = first_held(); comm != nullptr; comm = comm->next)
    if (p2p::need_of(*comm) == p2p::Need::library)
      if (const std::size_t n = obstacle(text, capacity, *comm); n != 0) return n;
  return 0;
}

}  // namespace cairn::shim
