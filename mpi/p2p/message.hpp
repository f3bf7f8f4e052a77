// SPDX-License-Identifier: Apache-2.0
// Messages that were matched and have not been received yet: a matched probe gave them out, or a receive waits for
// them. With the lock held.
#pragma once

#include "mpi/p2p/request.hpp"

namespace cairn::p2p {

Message* first_message() noexcept;
Message* message_new(ompi_communicator_t* comm, const MPI_Status& status) noexcept;
void message_free(Message* message) noexcept;
// It was in a queue.
void message_take_over(Message& message, const crcp::QueuedMessage& queued) noexcept;

// The request receives a message that has been taken out of the library, and owns it: receive_arrived() delivers it
// when it is here. True if it is, and the request complete.
void receive_later(Request& request, Message* message) noexcept;
bool receive_arrived(Request& request) noexcept;

}  // namespace cairn::p2p
