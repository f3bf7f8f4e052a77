// SPDX-License-Identifier: Apache-2.0
// Buffered sends: the message is packed into guest memory and sent from there by a standard send of ours. The user's
// buffer is only accounted for: as many bytes of it are "in use" as the real library would use.
#pragma once

#include "mpi/shim/real.hpp"

namespace cairn::p2p {

// In a section. MPI_ERR_BUFFER if the attached buffer has no room for the message.
int bsend(const void* buffer, int count, shim::RealDatatype* type, int peer, int tag,
          ompi_communicator_t* comm) noexcept;
// In a section, or the callback thread: forgets those that the library has completed. True if none is left.
bool reap_bsends() noexcept;

}  // namespace cairn::p2p
