// SPDX-License-Identifier: Apache-2.0
#include "mpi/p2p/message.hpp"

#include <cstdlib>

#include "mpi/p2p/arriving.hpp"
#include "mpi/p2p/given_out.hpp"
#include "mpi/shim/table_lock.hpp"

namespace cairn::p2p {

namespace {

Message* live_messages = nullptr;

}  // namespace

Message* first_message() noexcept { return live_messages; }

Message* message_new(ompi_communicator_t* comm, const MPI_Status& status) noexcept {
  auto* m = static_cast<Message*>(std::calloc(1, sizeof(Message)));
  if (m == nullptr) std::abort();
  m->magic = shim::kHandleMagic;
  m->fortran = shim::kNoFortranIndex;
  m->kind = shim::Kind::message;
  m->live = true;
  m->comm = comm;
  m->status = status;
  message_given_out(*m);
  const shim::TableLock lock;
  m->next = live_messages;
  if (m->next != nullptr) m->next->previous = m;
  live_messages = m;
  return m;
}

void message_free(Message* m) noexcept {
  if (m->fortran != shim::kNoFortranIndex) shim::fortran_release(m);
  message_not_given_out(*m);
  {
    const shim::TableLock lock;
    (m->previous != nullptr ? m->previous->next : live_messages) = m->next;
    if (m->next != nullptr) m->next->previous = m->previous;
  }
  std::free(m->queued.bytes);
  std::free(m);
}

void message_take_over(Message& m, const crcp::QueuedMessage& queued) noexcept {
  m.queued = queued;
  m.taken = true;
}

void receive_later(Request& r, Message* message) noexcept {
  r.message = message;
  r.counted = true;
  r.state = State::arriving;
}

bool receive_arrived(Request& r) noexcept {
  Message* const m = r.message;
  if (is_arriving(m->queued)) return false;
  MPI_Status status;
  const int rc = deliver(m->queued, r.buffer, r.count, shim::type_real(r.type), status);
  r.message = nullptr;
  message_free(m);
  finish(r, status, rc);
  return true;
}

}  // namespace cairn::p2p
