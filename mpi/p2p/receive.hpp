// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mpi/p2p/request.hpp"

namespace cairn::p2p {

// Fills in what a receive is; holds on to the datatype, which the application may free before the receive completes.
// In a section.
void describe_receive(Request& r, void* buffer, int count, MPI_Datatype type, int source, int tag,
                      ompi_communicator_t* comm) noexcept;

}  // namespace cairn::p2p
