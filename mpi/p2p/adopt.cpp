// SPDX-License-Identifier: Apache-2.0
#include "mpi/p2p/adopt.hpp"

#include "mpi/crcp/door.hpp"
#include "mpi/crcp/gate.hpp"
#include "mpi/crcp/inside.hpp"
#include "mpi/p2p/request.hpp"

namespace cairn::p2p {

MPI_Request adopt_request(shim::RealRequest* real, RequestKind kind, ompi_communicator_t* comm,
                          RequestOwner owner) noexcept {
  const crcp::InnerLock lock;
  Request* r = request_new(What::adopted);
  r->real = real;
  r->kind = kind;
  r->comm = comm;
  r->owner = owner;
  r->persistent = kind == RequestKind::persistent_collective;
  r->state = r->persistent ? State::idle : State::active;
  r->order = next_order();
  r->before = comm != nullptr && comm->crcp != nullptr ? comm->crcp->called : 0;
  return r;
}

namespace {

struct Deferred {
  Request* request;
  int (*begin)(void* data, shim::RealRequest** made) noexcept;
  void* data;
};

// The door has opened: the real call, at last.
void begin_deferred(void* deferred) noexcept {
  auto* d = static_cast<Deferred*>(deferred);
  shim::RealRequest* made = shim::real_objects.request_null;
  const int rc = d->begin(d->data, &made);
  d->request->real = made;
  d->request->state = State::active;
  if (rc != MPI_SUCCESS) {
    MPI_Status none;
    empty_status(none);
    finish(*d->request, none, rc);
  }
  delete d;
}

}  // namespace

MPI_Request record_collective(ompi_communicator_t& comm, RequestKind kind,
                              int (*begin)(void* data, shim::RealRequest** made) noexcept,
                              void (*drop)(void* data) noexcept, void* data) noexcept {
  MPI_Request r = adopt_request(nullptr, kind, &comm, {drop, data});
  r->state = State::recorded;
  crcp::record_collective(
      crcp::RecordedCollective{comm.crcp, comm.crcp->called, begin_deferred, new Deferred{r, begin, data}});
  crcp::duties();
  crcp::listen_for_others();
  crcp::gate_end();
  return r;
}

MPI_Request complete_request() noexcept {
  const crcp::Section section;
  Request* r = request_new(What::adopted);
  r->kind = RequestKind::rma;
  empty_status(r->status);
  r->state = State::complete;
  return r;
}

MPI_Request errors_to(shim::Handle* object, MPI_Request request) noexcept {
  request->told = object;
  return request;
}

namespace {

template <class Asked>
bool all_settled(Asked asked) noexcept {
  bool settled = true;
  for_each_request([&](Request& r) {
    if (r.what == What::adopted && r.state == State::active && asked(r) && !poll(r)) settled = false;
  });
  return settled;
}

}  // namespace

bool adopted_settled() noexcept {
  return all_settled([](const Request&) { return true; });
}

bool duplications_settled(const ompi_communicator_t& comm) noexcept {
  return all_settled([&](const Request& r) { return r.kind == RequestKind::comm_dup && r.comm == &comm; });
}

}  // namespace cairn::p2p
