// SPDX-License-Identifier: Apache-2.0
// Messages that a drain took out of the real library wait here, per communicator, in the order in which the library
// would have matched them, and come before all of the library's own. Called in a section or by the callback thread;
// enters the library.
#pragma once

#include "mpi/p2p/request.hpp"

namespace cairn::p2p {

// The first queued message that a receive or probe of (source, tag) matches, or null.
crcp::QueuedMessage* find_queued(crcp::CommState& state, int source, int tag) noexcept;
// Takes it out of the queue; the caller owns the bytes.
crcp::QueuedMessage take_queued(crcp::CommState& state, crcp::QueuedMessage* message) noexcept;
// Receives the bytes into a user's buffer as the library would have: same status, same truncation error. Frees them.
int deliver(crcp::QueuedMessage& message, void* buffer, int count, shim::RealDatatype* type,
            MPI_Status& status) noexcept;
// The other way: what the library would send of a user's buffer, as `size` bytes.
int send_to_self(const void* buffer, int count, shim::RealDatatype* type, void* bytes, std::size_t size) noexcept;
void envelope_status(const crcp::QueuedMessage& message, MPI_Status& status) noexcept;

// A real datatype and count that mean `size` bytes, also beyond 2 GiB. release_bytes_type() afterwards.
struct BytesType {
  shim::RealDatatype* type;
  int count;
  bool made;
};
BytesType bytes_type(std::size_t size) noexcept;
void release_bytes_type(BytesType& type) noexcept;

// A duplicate for messages of our own; its errors are returned. Collective over `of`. Gives an MPI error code.
int make_private_copy(ompi_communicator_t& of, shim::RealComm*& copy) noexcept;

// Our own duplicate of MPI_COMM_SELF, made in MPI_Init and again after a restart.
int make_private_self() noexcept;
void free_private_self() noexcept;
shim::RealComm* private_self() noexcept;

// True if a message is queued anywhere.
bool anything_queued() noexcept;

}  // namespace cairn::p2p
