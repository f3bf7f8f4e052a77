// SPDX-License-Identifier: Apache-2.0
// cairn-mpi-host: the host of a rank of an MPI job.
#include "core/host/host.hpp"
#include "mpi/host/mpi_extension.hpp"

int main(int argc, char** argv) {
  cairn::mpi::MpiExtension extension;
  return cairn::host::run(argc, argv, extension);
}
