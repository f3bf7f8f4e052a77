// SPDX-License-Identifier: Apache-2.0
// Distributed graph topologies.
#include "mpi/shim/objects/communicator/create.hpp"
#include "mpi/shim/objects/topology/topology.hpp"

using namespace cairn;
using namespace cairn::shim;

namespace {

int neighbors(const ompi_communicator_t& comm, bool outgoing) noexcept {
  int in = 0, out = 0, weighted = 0;
  cross(real.Dist_graph_neighbors_count, static_cast<RealComm*>(comm.real), &in, &out, &weighted);
  return outgoing ? out : in;
}

constexpr Topology kDistGraph{MPI_DIST_GRAPH, "MPI_Dist_graph_create", nullptr, nullptr, neighbors};

}  // namespace

int PMPI_Dist_graph_create(MPI_Comm comm, int n, const int nodes[], const int degrees[], const int targets[],
                           const int weights[], MPI_Info info, int reorder, MPI_Comm* newcomm) {
  return comm_create(comm, newcomm, {.topology = &kDistGraph}, "MPI_Dist_graph_create", [&](RealComm** made) {
    const InfoScope real_info(info);
    return cross(real.Dist_graph_create, to_real(comm), n, nodes, degrees, targets, weights, real_info.get(), reorder,
                 made);
  });
}
CAIRN_MPI_WEAK(MPI_Dist_graph_create);

int PMPI_Dist_graph_create_adjacent(MPI_Comm comm, int indegree, const int sources[], const int sourceweights[],
                                    int outdegree, const int destinations[], const int destweights[], MPI_Info info,
                                    int reorder, MPI_Comm* newcomm) {
  return comm_create(comm, newcomm, {.topology = &kDistGraph}, "MPI_Dist_graph_create_adjacent", [&](RealComm** made) {
    const InfoScope real_info(info);
    return cross(real.Dist_graph_create_adjacent, to_real(comm), indegree, sources, sourceweights, outdegree,
                 destinations, destweights, real_info.get(), reorder, made);
  });
}
CAIRN_MPI_WEAK(MPI_Dist_graph_create_adjacent);
