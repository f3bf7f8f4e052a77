// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mpi/p2p/request.hpp"

namespace cairn::p2p {

// Messages that MPI_Mprobe gave out and nobody has received yet. With the lock held.
Message* first_message() noexcept;
void message_free(Message* message) noexcept;

}  // namespace cairn::p2p
