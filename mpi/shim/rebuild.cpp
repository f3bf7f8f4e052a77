// SPDX-License-Identifier: Apache-2.0
// Communicators are made by MPI_Comm_create_group over MPI_COMM_WORLD in ascending order of identity. An identity is
// known to all members and nobody else needs to take part, and all ranks follow one total order: of those not yet made,
// the smallest is the next one for each of its members, so there is always one that can be finished.
#include "mpi/shim/rebuild.hpp"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "mpi/shim/clock.hpp"
#include "mpi/shim/objects.hpp"
#include "mpi/shim/objects/attribute/attributes.hpp"
#include "mpi/shim/objects/communicator/comm.hpp"
#include "mpi/shim/objects/datatype/types.hpp"
#include "mpi/shim/objects/errhandler/error_codes.hpp"
#include "mpi/shim/objects/op/op.hpp"
#include "mpi/shim/predefined.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {
namespace {

constexpr int kRebuildTag = 0;

int rebuild_groups() {
  for (ompi_group_t* group = objects().groups.head(); group != nullptr; group = group->next) {
    RealGroup* made = real_objects.group_null;
    const int rc = cross(real.Group_incl, world_group(), group->members->size,
                         static_cast<const int*>(group->members->world), &made);
    if (rc != MPI_SUCCESS) return rc;
    group->real = made;
  }
  return MPI_SUCCESS;
}

int add_shape(const ompi_communicator_t& comm, RealComm** made) {
  const CartesianShape& shape = *comm.cartesian;
  RealComm *plain = *made, *shaped = real_objects.comm_null;
  const int* dims = shape.values;
  // The members are in the order that the first creation gave them: do not reorder again.
  int rc = cross(real.Cart_create, plain, static_cast<int>(shape.ndims), dims, dims + shape.ndims, 0, &shaped);
  if (rc == MPI_SUCCESS) rc = cross(real.Comm_free, &plain);
  *made = shaped;
  return rc;
}

int rebuild_comm(ompi_communicator_t& comm) {
  RealGroup* group = nullptr;
  RealComm* made = real_objects.comm_null;
  int rc =
      cross(real.Group_incl, world_group(), comm.members->size, static_cast<const int*>(comm.members->world), &group);
  if (rc == MPI_SUCCESS) rc = cross(real.Comm_create_group, real_objects.comm_world, group, kRebuildTag, &made);
  if (rc == MPI_SUCCESS) rc = cross(real.Group_free, &group);
  if (rc == MPI_SUCCESS && comm.topology == Topology::cartesian) rc = add_shape(comm, &made);
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

int rebuild_comms() {
  std::vector<ompi_communicator_t*> all;
  for (ompi_communicator_t* comm = objects().comms.head(); comm != nullptr; comm = comm->next) all.push_back(comm);
  std::sort(all.begin(), all.end(), [](const auto* a, const auto* b) { return a->identity < b->identity; });
  for (ompi_communicator_t* comm : all)
    if (const int rc = rebuild_comm(*comm); rc != MPI_SUCCESS) return rc;
  return MPI_SUCCESS;
}

// World and self keep what the application knows of them; a job of another size cannot take over.
int rebuild_world() {
  auto* world = predefined<ompi_communicator_t>(ompi_mpi_comm_world);
  const int rank = world->rank, size = world->size;
  comm_fill_predefined();
  return world->rank == rank && world->size == size ? MPI_SUCCESS : MPI_ERR_RANK;
}

struct Step {
  const char* what;
  int (*run)();
};

constexpr Step kSteps[] = {
    {"MPI_COMM_WORLD", rebuild_world}, {"error codes", error_codes_rebuild}, {"datatypes", types_rebuild},
    {"operations", ops_rebuild},       {"groups", rebuild_groups},           {"communicators", rebuild_comms},
};

}  // namespace

int rebuild_all(char* text, std::size_t capacity) {
  bind_real();
  clock_resume();
  for (const Step& step : kSteps) {
    const int rc = step.run();
    if (rc == MPI_SUCCESS) continue;
    char reason[MPI_MAX_ERROR_STRING] = "";
    int length = 0;
    cross(real.Error_string, rc, static_cast<char*>(reason), &length);
    std::snprintf(text, capacity, "cannot make %s again: %s", step.what, reason);
    return rc;
  }
  attributes_learn_predefined();
  return MPI_SUCCESS;
}

}  // namespace cairn::shim
