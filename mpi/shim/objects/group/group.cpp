// SPDX-License-Identifier: Apache-2.0
// Groups: the real library computes, the guest remembers the members' world ranks.
#include "mpi/shim/generated/kinds.hpp"
#include "mpi/shim/kinds.hpp"
#include "mpi/shim/made.hpp"
#include "mpi/shim/objects/communicator/comm.hpp"
#include "mpi/shim/objects/group/members.hpp"
#include "mpi/shim/objects/pool.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {

void group_rebind() noexcept {
  store<ompi_group_t>().pool.rebind(real_objects.group_null);
  world_group_forget();
}

int group_rebuild() {
  for (ompi_group_t* group = store<ompi_group_t>().live.head(); group != nullptr; group = group->next) {
    RealGroup* made = real_objects.group_null;
    const int rc = cross(real.Group_incl, world_group(), group->members->size,
                         static_cast<const int*>(group->members->world), &made);
    if (rc != MPI_SUCCESS) return rc;
    group->real = made;
  }
  return MPI_SUCCESS;
}

std::size_t group_obstacle(char* text, std::size_t capacity) {
  const TableLock lock;
  for (const ompi_group_t* group = store<ompi_group_t>().live.head(); group != nullptr; group = group->next)
    if (!members_all_local(group->members))
      return describe_obstacle(text, capacity, "a group with processes of another job", "", "MPI_Comm_remote_group");
  return 0;
}

}  // namespace cairn::shim

using namespace cairn;
using namespace cairn::shim;

namespace {

template <class Call>
int create(MPI_Group* out, const char* name, Call&& call) {
  return brief_call(MPI_COMM_WORLD, name, [&] {
    Made made(out);
    return made.settle(call(made.place()), [](RealGroup* group) { return group_adopt(group); });
  });
}

}  // namespace

int PMPI_Group_incl(MPI_Group group, int n, const int ranks[], MPI_Group* newgroup) {
  return create(newgroup, "MPI_Group_incl",
                [&](RealGroup** made) { return cross(real.Group_incl, to_real(group), n, ranks, made); });
}
CAIRN_MPI_WEAK(MPI_Group_incl);

int PMPI_Group_excl(MPI_Group group, int n, const int ranks[], MPI_Group* newgroup) {
  return create(newgroup, "MPI_Group_excl",
                [&](RealGroup** made) { return cross(real.Group_excl, to_real(group), n, ranks, made); });
}
CAIRN_MPI_WEAK(MPI_Group_excl);

int PMPI_Group_range_incl(MPI_Group group, int n, int ranges[][3], MPI_Group* newgroup) {
  return create(newgroup, "MPI_Group_range_incl",
                [&](RealGroup** made) { return cross(real.Group_range_incl, to_real(group), n, ranges, made); });
}
CAIRN_MPI_WEAK(MPI_Group_range_incl);

int PMPI_Group_range_excl(MPI_Group group, int n, int ranges[][3], MPI_Group* newgroup) {
  return create(newgroup, "MPI_Group_range_excl",
                [&](RealGroup** made) { return cross(real.Group_range_excl, to_real(group), n, ranges, made); });
}
CAIRN_MPI_WEAK(MPI_Group_range_excl);

int PMPI_Group_union(MPI_Group a, MPI_Group b, MPI_Group* newgroup) {
  return create(newgroup, "MPI_Group_union",
                [&](RealGroup** made) { return cross(real.Group_union, to_real(a), to_real(b), made); });
}
CAIRN_MPI_WEAK(MPI_Group_union);

int PMPI_Group_intersection(MPI_Group a, MPI_Group b, MPI_Group* newgroup) {
  return create(newgroup, "MPI_Group_intersection",
                [&](RealGroup** made) { return cross(real.Group_intersection, to_real(a), to_real(b), made); });
}
CAIRN_MPI_WEAK(MPI_Group_intersection);

int PMPI_Group_difference(MPI_Group a, MPI_Group b, MPI_Group* newgroup) {
  return create(newgroup, "MPI_Group_difference",
                [&](RealGroup** made) { return cross(real.Group_difference, to_real(a), to_real(b), made); });
}
CAIRN_MPI_WEAK(MPI_Group_difference);

int PMPI_Group_free(MPI_Group* group) {
  // The library counts how often it has given this one out; after a restart it is another library, which has not.
  if (group != nullptr && *group == MPI_GROUP_EMPTY) {
    *group = MPI_GROUP_NULL;
    return MPI_SUCCESS;
  }
  return brief_call(MPI_COMM_WORLD, "MPI_Group_free", [&] {
    RealGroup* gone = group == nullptr ? nullptr : to_real(*group);
    const int rc = cross(real.Group_free, group == nullptr ? nullptr : &gone);
    if (rc == MPI_SUCCESS && !(*group)->predefined) {
      const TableLock lock;
      members_drop((*group)->members);
      (*group)->members = nullptr;
      store<ompi_group_t>().live.remove(*group);
      store<ompi_group_t>().pool.release(*group, real_objects.group_null);
    }
    if (rc == MPI_SUCCESS) *group = MPI_GROUP_NULL;
    return rc;
  });
}
CAIRN_MPI_WEAK(MPI_Group_free);
