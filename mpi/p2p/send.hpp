// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mpi/p2p/request.hpp"

namespace cairn::p2p {

// Makes r the send that has just been posted, and counted. In a section.
void describe_send(Request& r, shim::RealRequest* real, int peer, int tag, ompi_communicator_t* comm,
                   SendMode mode) noexcept;

}  // namespace cairn::p2p
