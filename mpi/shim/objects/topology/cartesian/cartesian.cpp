// SPDX-License-Identifier: Apache-2.0
// Cartesian topologies: the numbers kept are the dimensions, then the periods.
#include "mpi/shim/objects/communicator/create.hpp"
#include "mpi/shim/objects/topology/topology.hpp"

using namespace cairn;
using namespace cairn::shim;

namespace {

void capture(RealComm* comm, std::vector<int>& values) {
  int ndims = 0;
  cross(real.Cartdim_get, comm, &ndims);
  const auto n = static_cast<std::size_t>(ndims);
  values.resize(2 * n);
  std::vector<int> coordinates(n + 1);
  cross(real.Cart_get, comm, ndims, values.data(), values.data() + n, coordinates.data());
}

int apply(const std::vector<int>& values, RealComm* plain, RealComm** made) {
  const std::size_t n = values.size() / 2;
  return cross(real.Cart_create, plain, static_cast<int>(n), values.data(), values.data() + n, 0, made);
}

// Two in each dimension.
int neighbors(const ompi_communicator_t& comm, bool) noexcept { return static_cast<int>(comm.shape->values.size()); }

constexpr Topology kCartesian{MPI_CART, capture, apply, neighbors};

}  // namespace

int PMPI_Cart_create(MPI_Comm comm, int ndims, const int dims[], const int periods[], int reorder, MPI_Comm* newcomm) {
  return comm_create(comm, newcomm, {.topology = &kCartesian}, "MPI_Cart_create", [&](RealComm** made) {
    return cross(real.Cart_create, to_real(comm), ndims, dims, periods, reorder, made);
  });
}
CAIRN_MPI_WEAK(MPI_Cart_create);

int PMPI_Cart_sub(MPI_Comm comm, const int remain_dims[], MPI_Comm* newcomm) {
  return comm_create(comm, newcomm, {.topology = &kCartesian}, "MPI_Cart_sub",
                     [&](RealComm** made) { return cross(real.Cart_sub, to_real(comm), remain_dims, made); });
}
CAIRN_MPI_WEAK(MPI_Cart_sub);
