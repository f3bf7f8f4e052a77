// SPDX-License-Identifier: Apache-2.0
// Graph topologies: the numbers kept are those of MPI_Graphdims_get, then the index and the edges of MPI_Graph_get.
#include "mpi/shim/objects/communicator/create.hpp"
#include "mpi/shim/objects/topology/topology.hpp"

using namespace cairn;
using namespace cairn::shim;

namespace {

constexpr std::size_t kHead = 2;  // nodes, edges

void capture(RealComm* comm, std::vector<int>& values) {
  int nodes = 0, edges = 0;
  cross(real.Graphdims_get, comm, &nodes, &edges);
  values.resize(kHead + static_cast<std::size_t>(nodes) + static_cast<std::size_t>(edges));
  values[0] = nodes;
  values[1] = edges;
  int* index = values.data() + kHead;
  cross(real.Graph_get, comm, nodes, edges, index, index + nodes);
}

int apply(const std::vector<int>& values, RealComm* plain, RealComm** made) {
  const int nodes = values[0];
  const int* index = values.data() + kHead;
  return cross(real.Graph_create, plain, nodes, index, index + nodes, 0, made);
}

int neighbors(const ompi_communicator_t& comm, bool) noexcept {
  const int* index = comm.shape->values.data() + kHead;
  return index[comm.rank] - (comm.rank > 0 ? index[comm.rank - 1] : 0);
}

constexpr Topology kGraph{MPI_GRAPH, capture, apply, neighbors};

}  // namespace

int PMPI_Graph_create(MPI_Comm comm, int nnodes, const int index[], const int edges[], int reorder, MPI_Comm* newcomm) {
  return comm_create(comm, newcomm, {.topology = &kGraph}, "MPI_Graph_create", [&](RealComm** made) {
    return cross(real.Graph_create, to_real(comm), nnodes, index, edges, reorder, made);
  });
}
CAIRN_MPI_WEAK(MPI_Graph_create);
