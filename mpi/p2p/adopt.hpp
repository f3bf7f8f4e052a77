// SPDX-License-Identifier: Apache-2.0
// Handles for requests that are not point-to-point. Guest thread pointer; may not throw.
#pragma once

#include <cstdint>

#include "mpi/shim/handle.hpp"

namespace cairn::p2p {

enum class RequestKind : std::uint8_t { collective, persistent_collective, comm_dup, io, rma };

// done(data) is called once when the real request no longer exists (completed and freed, or a persistent one freed).
struct RequestOwner {
  void (*done)(void* data) noexcept = nullptr;
  void* data = nullptr;
};

// A handle for the application. Called before the section (or collective_end()) in which the real call was made ends.
MPI_Request adopt_request(shim::RealRequest* real, RequestKind kind, ompi_communicator_t* comm,
                          RequestOwner owner) noexcept;

// After crcp::collective_begin_or_defer() has said false: begin(data, &made) is called once, when the door opens, then
// drop(data) when the request is complete. Ends the section.
MPI_Request record_collective(ompi_communicator_t& comm, RequestKind kind,
                              int (*begin)(void* data, shim::RealRequest** made) noexcept,
                              void (*drop)(void* data) noexcept, void* data) noexcept;

// One of an operation that was complete when it was called.
MPI_Request complete_request() noexcept;

// Errors of the request are told to the handler of this file or window instead of its communicator's. Gives the
// request.
MPI_Request errors_to(shim::Handle* object, MPI_Request request) noexcept;

// Library free (mpi/crcp/participant.hpp): adopted requests that have been begun are complete.
bool adopted_settled() noexcept;
// The same of those that duplicate this communicator.
bool duplications_settled(const ompi_communicator_t& comm) noexcept;

}  // namespace cairn::p2p
