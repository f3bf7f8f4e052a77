// SPDX-License-Identifier: Apache-2.0
#include "mpi/p2p/packed.hpp"

#include <climits>

#include "mpi/p2p/queue.hpp"

namespace cairn::p2p {

int packed_size(int count, shim::RealDatatype* type, ompi_communicator_t* comm, std::size_t* size) noexcept {
  if (count < 0) return MPI_ERR_COUNT;
  shim::RealComm* const real_comm = shim::to_real(comm);
  int cut_off = 0;  // MPI_Pack_size has an int for it, and gives what is left of more
  MPI_Count of_one = 0;
  const int rc = cross([&]() noexcept {
    const int code = shim::real.Pack_size(count, type, real_comm, &cut_off);
    return code == MPI_SUCCESS ? shim::real.Type_size_x(type, &of_one) : code;
  });
  *size = rc == MPI_SUCCESS ? static_cast<std::size_t>(of_one) * static_cast<std::size_t>(count) : 0;
  return rc;
}

int pack(const void* buffer, int count, shim::RealDatatype* type, ompi_communicator_t* comm, void* bytes,
         std::size_t size) noexcept {
  if (size > INT_MAX) return send_to_self(buffer, count, type, bytes, size);
  shim::RealComm* const real_comm = shim::to_real(comm);
  int position = 0;
  return cross([&]() noexcept {
    return shim::real.Pack(buffer, count, type, bytes, static_cast<int>(size), &position, real_comm);
  });
}

}  // namespace cairn::p2p
