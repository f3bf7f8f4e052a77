// SPDX-License-Identifier: Apache-2.0
// Starting a described operation in the real library, the first time or again after a cut. Called in a section.
#include "mpi/p2p/bsend.hpp"
#include "mpi/p2p/message.hpp"
#include "mpi/p2p/queue.hpp"
#include "mpi/p2p/synchronous.hpp"

namespace cairn::p2p {

namespace {

int post_send(Request& r) noexcept {
  shim::RealDatatype* const type = shim::type_real(r.type);
  if (r.send_mode == SendMode::buffered) {
    const int rc = bsend(r.buffer, r.count, type, r.peer, r.tag, r.comm);
    if (rc != MPI_SUCCESS) return rc;
    r.state = State::complete;
    return MPI_SUCCESS;
  }
  shim::RealComm* const comm = shim::to_real(r.comm);
  shim::RealRequest* real = nullptr;
  const auto& function = r.send_mode == SendMode::synchronous ? shim::real.Issend
                         : r.send_mode == SendMode::ready     ? shim::real.Irsend
                                                              : shim::real.Isend;
  const int rc = cross([&]() noexcept { return function(r.buffer, r.count, type, r.peer, r.tag, comm, &real); });
  if (rc != MPI_SUCCESS) return rc;
  count_sent(*r.comm->crcp, r.peer, r.tag);
  r.real = real;
  r.state = State::active;
  if (r.send_mode == SendMode::synchronous) synchronous_posted(r);
  return MPI_SUCCESS;
}

int post_receive(Request& r) noexcept {
  crcp::CommState& state = *r.comm->crcp;
  if (!state.queue.empty()) {
    if (crcp::QueuedMessage* m = find_queued(state, r.peer, r.tag)) {
      MPI_Status status;
      envelope_status(*m, status);
      Message* const message = message_new(r.comm, status);
      message_take_over(*message, take_queued(state, m));
      receive_later(r, message);
      receive_arrived(r);
      return MPI_SUCCESS;
    }
  }
  return repost(r);
}

}  // namespace

int repost(Request& r) noexcept {
  shim::RealDatatype* const type = shim::type_real(r.type);
  shim::RealComm* const comm = shim::to_real(r.comm);
  shim::RealRequest* real = nullptr;
  const int rc =
      cross([&]() noexcept { return shim::real.Irecv(r.buffer, r.count, type, r.peer, r.tag, comm, &real); });
  if (rc != MPI_SUCCESS) return rc;
  r.real = real;
  r.state = State::active;
  return MPI_SUCCESS;
}

int post(Request& r) noexcept {
  r.order = next_order();
  r.counted = false;
  r.error = MPI_SUCCESS;
  return r.what == What::send ? post_send(r) : post_receive(r);
}

}  // namespace cairn::p2p
