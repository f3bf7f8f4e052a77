// SPDX-License-Identifier: Apache-2.0
#include "mpi/shim/objects/topology/topology.hpp"

#include "mpi/shim/table_lock.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {

TopologyShape* shape_capture(const Topology& topology, RealComm* comm) {
  auto* shape = new TopologyShape{&topology, 1, {}};
  topology.capture(comm, shape->values);
  return shape;
}

TopologyShape* shape_share(TopologyShape* shape) noexcept {
  const TableLock lock;
  if (shape != nullptr) ++shape->references;
  return shape;
}

void shape_drop(TopologyShape* shape) noexcept {
  const TableLock lock;
  if (shape != nullptr && --shape->references == 0) delete shape;
}

int shape_apply(const TopologyShape& shape, RealComm** made) {
  RealComm *plain = *made, *shaped = real_objects.comm_null;
  int rc = shape.topology->apply(shape.values, plain, &shaped);
  if (rc == MPI_SUCCESS) rc = cross(real.Comm_free, &plain);
  *made = shaped;
  return rc;
}

int neighbor_count(const ompi_communicator_t* comm, bool outgoing) noexcept {
  if (!usable(comm) || comm->shape == nullptr) return 0;
  return comm->shape->topology->neighbors(*comm, outgoing);
}

}  // namespace cairn::shim

using namespace cairn;
using namespace cairn::shim;

int PMPI_Topo_test(MPI_Comm comm, int* status) {
  // Before MPI_Init and after MPI_Finalize the real library ends the program with its own words.
  if (!usable(comm) || comm->members == nullptr || status == nullptr) {
    int rc;
    {
      const crcp::Brief brief;
      rc = cross(real.Topo_test, to_real(comm), status);
    }
    return rc == MPI_SUCCESS ? rc : raise(comm, rc, "MPI_Topo_test");
  }
  *status = comm->shape == nullptr ? MPI_UNDEFINED : comm->shape->topology->status;
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Topo_test);
