// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "mpi/crcp/communicators.hpp"
#include "mpi/shim/fortran.hpp"
#include "mpi/shim/objects/attribute/attributes.hpp"
#include "mpi/shim/objects/communicator/comm.hpp"
#include "mpi/shim/objects/communicator/held.hpp"
#include "mpi/shim/objects/errhandler/errhandler.hpp"
#include "mpi/shim/objects/group/members.hpp"
#include "mpi/shim/objects/info/info.hpp"
#include "mpi/shim/objects/pool.hpp"
#include "mpi/shim/predefined.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {
namespace {

constexpr std::uint64_t kWorldIdentity = 1;

std::uint64_t mix(std::uint64_t h, std::uint64_t value) noexcept {
  h ^= value + 0x9e3779b97f4a7c15ULL;
  h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9ULL;
  h = (h ^ (h >> 27)) * 0x94d049bb133111ebULL;
  return h ^ (h >> 31);
}

std::uint64_t hash_members(std::uint64_t h, const MemberList* list) noexcept {
  h = mix(h, list == nullptr ? ~0ULL : static_cast<std::uint64_t>(list->size));
  for (int i = 0; list != nullptr && i < list->size; ++i) h = mix(h, static_cast<std::uint64_t>(list->world[i]));
  return h;
}

std::uint64_t list_key(int tag, bool group_call) noexcept {
  return static_cast<std::uint64_t>(tag) * 2 + (group_call ? 1 : 0);
}

MemberList* group_members(RealComm* comm, bool remote) {
  RealGroup* group = nullptr;
  cross(remote ? real.Comm_remote_group : real.Comm_group, comm, &group);
  MemberList* list = members_of(group);
  cross(real.Group_free, &group);
  return list;
}

// Both sides of an intercommunicator must agree: order the two lists by their hashes.
std::uint64_t hash_lists(const MemberList* members, const MemberList* remote) noexcept {
  std::uint64_t a = hash_members(2, members);
  if (remote == nullptr) return a;
  std::uint64_t b = hash_members(2, remote);
  return a < b ? mix(a, b) : mix(b, a);
}

void inherit(ompi_communicator_t* comm, const Origin& origin) {
  comm->errhandler =
      errhandler_share(origin.parent != nullptr ? origin.parent->errhandler
                                                : predefined<ompi_communicator_t>(ompi_mpi_comm_world)->errhandler);
  cross(real.Comm_set_errhandler, static_cast<RealComm*>(comm->real), real_objects.errors_return);
}

}  // namespace

std::uint64_t identity_of_self(int world_rank) noexcept { return mix(3, static_cast<std::uint64_t>(world_rank)); }

std::uint64_t next_identity(const Origin& origin, const MemberList* members, const MemberList* remote) {
  const std::uint64_t list = mix(hash_lists(members, remote), list_key(origin.tag, origin.group_call));
  std::uint64_t parent = 0, count = 0;
  if (origin.meeting != 0) {
    parent = origin.meeting;
  } else if (remote != nullptr && (origin.parent == nullptr || !origin.parent->inter)) {
    // The two groups know different parents, but all of them make every one of this list.
    static ChildCounts* const intercommunicators = new ChildCounts;
    const TableLock lock;
    count = ++intercommunicators->made[list];
  } else if (origin.parent != nullptr) {
    const TableLock lock;
    parent = origin.parent->identity;
    if (origin.parent->children == nullptr) origin.parent->children = new ChildCounts;
    count = ++origin.parent->children->made[list];
  }
  return mix(mix(list, parent), count);
}

std::uint64_t next_meeting(ompi_communicator_t* local) {
  constexpr std::uint64_t kMeetings = 5;
  const TableLock lock;
  if (local->children == nullptr) local->children = new ChildCounts;
  return mix(mix(kMeetings, local->identity), ++local->children->made[kMeetings]);
}

std::uint64_t meeting_key(const ompi_communicator_t* peer, int tag) noexcept {
  return mix(peer->identity, static_cast<std::uint64_t>(tag));
}

std::uint64_t group_call_identity(MPI_Comm comm, MPI_Group group, int tag) noexcept {
  const MemberList* members = group != nullptr ? group->members : nullptr;
  const std::uint64_t list = mix(hash_lists(members, nullptr), list_key(tag, true));  // as next_identity() has it
  if (!usable(comm)) return list | 1;
  std::uint64_t count = 0;
  {
    const TableLock lock;
    if (comm->children != nullptr) {
      const auto made = comm->children->made.find(list);
      if (made != comm->children->made.end()) count = made->second;
    }
  }
  return mix(mix(list, comm->identity), count) | 1;
}

MPI_Comm comm_adopt(RealComm* made, const Origin& origin) {
  if (made == nullptr || made == real_objects.comm_null) return MPI_COMM_NULL;
  comm_reap_held();
  ompi_communicator_t* comm;
  {
    const TableLock lock;
    comm = store<ompi_communicator_t>().pool.allocate(Kind::comm);
  }
  comm->real = made;
  int inter = 0;
  cross(real.Comm_rank, made, &comm->rank);
  cross(real.Comm_test_inter, made, &inter);
  comm->inter = inter != 0;
  comm->members = origin.same_members != nullptr ? members_share(origin.same_members) : group_members(made, false);
  comm->size = comm->members->size;
  if (comm->inter) {
    comm->remote_members = group_members(made, true);
    comm->remote_size = comm->remote_members->size;
  }
  comm->shape = origin.topology != nullptr ? shape_capture(*origin.topology, made) : shape_share(origin.same_shape);
  bindings_show(*comm);
  comm->identity = next_identity(origin, comm->members, comm->remote_members);
  inherit(comm, origin);
  {
    const crcp::InnerLock lock;
    store<ompi_communicator_t>().live.add(comm);
  }
  crcp::comm_created(*comm);
  return comm;
}

void comm_fill_predefined() {
  auto* world = predefined<ompi_communicator_t>(ompi_mpi_comm_world);
  auto* self = predefined<ompi_communicator_t>(ompi_mpi_comm_self);
  for (ompi_communicator_t* comm : {world, self}) {
    auto* real_comm = static_cast<RealComm*>(comm->real);
    comm->live = true;
    cross(real.Comm_set_errhandler, real_comm, real_objects.errors_return);
    cross(real.Comm_rank, real_comm, &comm->rank);
    cross(real.Comm_size, real_comm, &comm->size);
    bindings_show(*comm);
    // The same after a restart; and calls that wait at a door meanwhile may hold it.
    if (comm->members == nullptr) comm->members = group_members(real_comm, false);
    if (comm->errhandler == nullptr) comm->errhandler = predefined<ompi_errhandler_t>(ompi_mpi_errors_are_fatal);
  }
  world->identity = kWorldIdentity;
  self->identity = identity_of_self(world->rank);
  if (world->name[0] == '\0') std::strcpy(world->name, "MPI_COMM_WORLD");
  if (self->name[0] == '\0') std::strcpy(self->name, "MPI_COMM_SELF");
  std::strcpy(predefined<ompi_communicator_t>(ompi_mpi_comm_null)->name, "MPI_COMM_NULL");
}

void comm_release(ompi_communicator_t* comm) noexcept {
  const crcp::InnerLock lock;
  crcp::comm_freed(*comm);
  errhandler_drop(comm->errhandler);
  members_drop(comm->members);
  members_drop(comm->remote_members);
  info_drop(comm->info);
  shape_drop(comm->shape);
  if (!comm->held) store<ompi_communicator_t>().live.remove(comm);
  delete comm->children;
  comm->members = comm->remote_members = nullptr;
  comm->shape = nullptr;
  comm->children = nullptr;
  comm->info = nullptr;
  store<ompi_communicator_t>().pool.release(comm, real_objects.comm_null);
}

MPI_Group group_adopt(RealGroup* made, MemberList* same_members) {
  if (made == nullptr || made == real_objects.group_null) return MPI_GROUP_NULL;
  if (made == real_objects.group_empty) return MPI_GROUP_EMPTY;
  MemberList* members = same_members != nullptr ? members_share(same_members) : members_of(made);
  const TableLock lock;
  ompi_group_t* group = store<ompi_group_t>().pool.allocate(Kind::group);
  group->real = made;
  group->members = members;
  store<ompi_group_t>().live.add(group);
  fortran_index(group);  // libmpi_mpifh looks for it in the group, without asking
  return group;
}

ompi_communicator_t* first_comm() noexcept { return predefined<ompi_communicator_t>(ompi_mpi_comm_world); }

ompi_communicator_t* next_comm(ompi_communicator_t* comm) noexcept {
  if (comm == predefined<ompi_communicator_t>(ompi_mpi_comm_world))
    return predefined<ompi_communicator_t>(ompi_mpi_comm_self);
  if (comm == predefined<ompi_communicator_t>(ompi_mpi_comm_self)) return store<ompi_communicator_t>().live.head();
  return comm->next;
}

MPI_Comm from_real(RealComm* wanted) noexcept {
  if (wanted == real_objects.comm_null) return MPI_COMM_NULL;
  const TableLock lock;
  for (ompi_communicator_t* comm = first_comm(); comm != nullptr; comm = next_comm(comm))
    if (comm->real == wanted) return comm;
  return nullptr;
}

}  // namespace cairn::shim
