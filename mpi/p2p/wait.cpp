// SPDX-License-Identifier: Apache-2.0
// MPI_Wait and MPI_Test of one request, freeing, cancelling and asking.
#include "mpi/crcp/door.hpp"
#include "mpi/crcp/mpi_thread.hpp"
#include "mpi/p2p/generalized.hpp"
#include "mpi/p2p/synchronous.hpp"

namespace cairn::p2p {

namespace {

int orphans = 0;  // changed in sections

enum class Asked { complete, pending, otherwise };

// The ordinary case of an active request, in one crossing: the library is asked once, or until it is complete.
// Otherwise: something is out of the ordinary, or came up meanwhile.
template <bool Once>
inline __attribute__((always_inline)) Asked ask_quickly(Request& r) noexcept {
  const crcp::Section section;
  if (__builtin_expect(r.state != State::active || crcp::attention() != 0, 0)) return Asked::otherwise;
  auto* real = static_cast<shim::RealRequest*>(r.real);
  MPI_Status status;  // the library's, but for MPI_ERROR
  int done = 0;
  const int rc = cross([&]() noexcept {
    int code;
    do code = shim::real.Test(&real, &done, &status);
    while (!Once && code == MPI_SUCCESS && done == 0 && crcp::attention() == 0);
    return code;
  });
  r.real = real;
  if (done == 0) {
    if (rc == MPI_SUCCESS) return Once ? Asked::pending : Asked::otherwise;
    empty_status(status);
  }
  finish(r, status, rc);
  return Asked::complete;
}

int bad_argument(int code, const char* name) noexcept {
  return shim::raise(static_cast<ompi_communicator_t*>(nullptr), code, name);
}

// The real library takes back receives, and pretends to with sends and operations on files, but refuses it for the
// others, in whatever state they are.
bool can_be_cancelled(const Request& r) noexcept { return r.what != What::adopted || r.kind == RequestKind::io; }

int no_request(const char* name) noexcept { return bad_argument(MPI_ERR_REQUEST, name); }

void poll_with_duties(Request& r) noexcept {
  const crcp::Section section;
  if (crcp::attention() != 0) crcp::duties();
  poll(r);
}

void release_idle(Request* r) noexcept {
  if (r->what == What::adopted) {
    auto* real = static_cast<shim::RealRequest*>(r->real);
    if (real != nullptr) cross([&]() noexcept { return shim::real.Request_free(&real); });
    if (r->owner.done != nullptr) r->owner.done(r->owner.data);
  }
  request_free(r);
}

void release_active(Request* r) noexcept {
  if (r->what == What::send) {  // counted: nothing is left to do for it
    auto* real = static_cast<shim::RealRequest*>(r->real);
    if (r->state == State::active) cross([&]() noexcept { return shim::real.Request_free(&real); });
    if (r->send_mode == SendMode::synchronous) synchronous_gone(*r);
    request_free(r);
    return;
  }
  make_orphan(*r);  // must still be counted when it completes, and posted again if a cut comes first
}

}  // namespace

void make_orphan(Request& r) noexcept {
  ++orphans;
  r.orphan = true;
}

// Without the lock of the tables: the library may call a function of the program, which waits for who knows whom.
void reap_orphans() noexcept {
  if (orphans == 0) return;
  for_each_request([](Request& r) {
    if (!r.orphan || !poll(r)) return;
    r.orphan = false;  // it may be used again before it is anybody's
    release_idle(&r);
    --orphans;
  });
}

}  // namespace cairn::p2p

using namespace cairn;
using namespace cairn::p2p;

CAIRN_MPI_EXPORT int PMPI_Wait(MPI_Request* request, MPI_Status* status) {
  if (request == nullptr || *request == nullptr) return no_request("MPI_Wait");
  Request* r = *request;
  if (!is_inactive(r) && !is_complete_for_good(*r) && ask_quickly<false>(*r) != Asked::complete) {
    crcp::begin_call("MPI_Wait");
    crcp::note_frame("MPI_Wait", CAIRN_CALL_FRAME);
    wait_until_complete(*r);
  }
  return hand_over(request, status, "MPI_Wait");
}
CAIRN_MPI_WEAK(MPI_Wait);

CAIRN_MPI_EXPORT int PMPI_Test(MPI_Request* request, int* flag, MPI_Status* status) {
  if (request == nullptr || *request == nullptr) return no_request("MPI_Test");
  if (flag == nullptr) return bad_argument(MPI_ERR_ARG, "MPI_Test");
  Request* r = *request;
  if (!is_inactive(r) && !is_complete_for_good(*r)) {
    const Asked asked = ask_quickly<true>(*r);
    if (asked == Asked::otherwise) poll_with_duties(*r);
    *flag = asked != Asked::pending && r->state == State::complete ? 1 : 0;
    if (*flag == 0) return MPI_SUCCESS;
  }
  *flag = 1;
  return hand_over(request, status, "MPI_Test");
}
CAIRN_MPI_WEAK(MPI_Test);

CAIRN_MPI_EXPORT int PMPI_Request_get_status(MPI_Request request, int* flag, MPI_Status* status) {
  if (request == nullptr) return no_request("MPI_Request_get_status");
  if (flag == nullptr) return bad_argument(MPI_ERR_ARG, "MPI_Request_get_status");
  if (is_inactive(request)) {
    MPI_Status empty;
    empty_status(empty);
    copy_status(status, empty);
    *flag = 1;
    return MPI_SUCCESS;
  }
  if (!is_complete_for_good(*request)) poll_with_duties(*request);
  *flag = request->state == State::complete ? 1 : 0;
  if (*flag == 0) return MPI_SUCCESS;
  if (is_generalized(*request)) {
    generalized_ask(*request);
    request->error = MPI_SUCCESS;  // whoever completes the request asks again
  }
  copy_status(status, request->status);
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Request_get_status);

CAIRN_MPI_EXPORT int PMPI_Request_free(MPI_Request* request) {
  if (request == nullptr || is_null(*request)) return no_request("MPI_Request_free");
  Request* r = *request;
  if (is_generalized(*r)) {
    generalized_release(*r);
  } else {
    const crcp::Section section;
    reap_orphans();
    if (r->state == State::complete || r->state == State::idle)
      release_idle(r);
    else
      release_active(r);
  }
  *request = MPI_REQUEST_NULL;
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Request_free);

CAIRN_MPI_EXPORT int PMPI_Cancel(MPI_Request* request) {
  if (request == nullptr || is_null(*request)) return no_request("MPI_Cancel");
  Request* r = *request;
  int rc = MPI_SUCCESS;
  if (is_generalized(*r)) {
    rc = generalized_cancel(*r);
  } else if (!can_be_cancelled(*r)) {
    rc = MPI_ERR_REQUEST;
  } else {
    const crcp::Section section;
    auto* real = static_cast<shim::RealRequest*>(r->real);
    if (r->state == State::active) rc = cross([&]() noexcept { return shim::real.Cancel(&real); });
  }
  return rc == MPI_SUCCESS ? rc : bad_argument(rc, "MPI_Cancel");
}
CAIRN_MPI_WEAK(MPI_Cancel);
