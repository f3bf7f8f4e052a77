// SPDX-License-Identifier: Apache-2.0
// MPI_Comm_free lets pending operations go on: who needs a communicator that the application frees. Found by looking at
// all requests, so that an operation has nothing to count. In a section or behind a door, or the callback thread.
#pragma once

#include <cstdint>

#include "mpi/shim/handle.hpp"

namespace cairn::p2p {

enum class Need : std::uint8_t {
  none,
  handle,   // for errors: nothing but the application's last look at a complete operation is left
  library,  // something may still be sent or received
};

Need need_of(const ompi_communicator_t& comm) noexcept;

}  // namespace cairn::p2p
