// SPDX-License-Identifier: Apache-2.0
// Distributed graph topologies. What is kept is this rank's neighbours as the library orders them: the numbers of
// incoming and outgoing ones, whether they have weights, then sources, their weights, destinations, their weights. To
// create the graph from these, each rank naming its own, gives the same order whichever call made it at first.
#include "mpi/shim/objects/communicator/create.hpp"
#include "mpi/shim/objects/topology/topology.hpp"

using namespace cairn;
using namespace cairn::shim;

namespace {

constexpr std::size_t kHead = 3;  // incoming, outgoing, weighted

// Where the four arrays are. Weights that are not there are what the calls want in their place.
template <class Int>
struct Arrays {
  Int *sources, *source_weights, *destinations, *destination_weights;

  explicit Arrays(Int* values) noexcept {
    const int in = values[0], out = values[1];
    const bool weighted = values[2] != 0;
    sources = values + kHead;
    source_weights = weights(sources + in, in, weighted);
    destinations = sources + (weighted ? 2 * in : in);
    destination_weights = weights(destinations + out, out, weighted);
  }

 private:
  static Int* weights(Int* place, int count, bool weighted) noexcept {
    if (!weighted) return MPI_UNWEIGHTED;
    return count == 0 ? MPI_WEIGHTS_EMPTY : place;
  }
};

void capture(RealComm* comm, std::vector<int>& values) {
  int in = 0, out = 0, weighted = 0;
  cross(real.Dist_graph_neighbors_count, comm, &in, &out, &weighted);
  values.resize(kHead + static_cast<std::size_t>(in + out) * (weighted != 0 ? 2 : 1));
  values[0] = in;
  values[1] = out;
  values[2] = weighted;
  const Arrays arrays(values.data());
  cross(real.Dist_graph_neighbors, comm, in, arrays.sources, arrays.source_weights, out, arrays.destinations,
        arrays.destination_weights);
}

int apply(const std::vector<int>& values, RealComm* plain, RealComm** made) {
  const Arrays arrays(values.data());
  return cross(real.Dist_graph_create_adjacent, plain, values[0], arrays.sources, arrays.source_weights, values[1],
               arrays.destinations, arrays.destination_weights, real_objects.info_null, 0, made);
}

int neighbors(const ompi_communicator_t& comm, bool outgoing) noexcept { return comm.shape->values[outgoing ? 1 : 0]; }

constexpr Topology kDistGraph{MPI_DIST_GRAPH, capture, apply, neighbors};

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
