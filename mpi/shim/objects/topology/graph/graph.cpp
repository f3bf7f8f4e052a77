// SPDX-License-Identifier: Apache-2.0
// Graph topologies.
#include "mpi/shim/objects/communicator/create.hpp"
#include "mpi/shim/objects/topology/topology.hpp"

using namespace cairn;
using namespace cairn::shim;

namespace {

int neighbors(const ompi_communicator_t& comm, bool) noexcept {
  int count = 0;
  cross(real.Graph_neighbors_count, static_cast<RealComm*>(comm.real), comm.rank, &count);
  return count;
}

constexpr Topology kGraph{MPI_GRAPH, "MPI_Graph_create", nullptr, nullptr, neighbors};

}  // namespace

int PMPI_Graph_create(MPI_Comm comm, int nnodes, const int index[], const int edges[], int reorder, MPI_Comm* newcomm) {
  return comm_create(comm, newcomm, {.topology = &kGraph}, "MPI_Graph_create", [&](RealComm** made) {
    return cross(real.Graph_create, to_real(comm), nnodes, index, edges, reorder, made);
  });
}
CAIRN_MPI_WEAK(MPI_Graph_create);
