// SPDX-License-Identifier: Apache-2.0
// Receives, blocking and not. In the ordinary case a blocking receive has no request object of ours.
#include "mpi/p2p/receive.hpp"

#include "mpi/crcp/mpi_thread.hpp"
#include "mpi/p2p/given_out.hpp"

namespace cairn::p2p {

void describe_receive(Request& r, void* buffer, int count, MPI_Datatype type, int source, int tag,
                      ompi_communicator_t* comm) noexcept {
  r.buffer = buffer;
  r.count = count;
  r.peer = source;
  r.tag = tag;
  r.comm = comm;
  if (type == nullptr || type->predefined)
    r.type.predefined = type == nullptr ? MPI_DATATYPE_NULL : type;
  else
    r.type = shim::type_hold(type);
}

namespace {

int finish_slowly(Request* r, MPI_Status* status) noexcept {
  wait_until_complete(*r);
  return hand_over(&r, status, "MPI_Recv");
}

// Something is out of the ordinary (a queue of drained messages, a request being served).
int receive_slowly(void* buffer, int count, MPI_Datatype type, int source, int tag, ompi_communicator_t* comm,
                   MPI_Status* status) noexcept {
  Request* r = request_new(What::receive);
  describe_receive(*r, buffer, count, type, source, tag, comm);
  const int rc = post(*r);
  crcp::gate_end();
  if (rc == MPI_SUCCESS) return finish_slowly(r, status);
  request_free(r);
  return shim::raise(comm, rc, "MPI_Recv");
}

// MPI_Irecv without a place for the request: the real library says what is wrong, and receives nothing.
int nowhere_to_go(void* buffer, int count, MPI_Datatype type, int source, int tag, ompi_communicator_t* comm) noexcept {
  int rc;
  {
    const crcp::Section section;
    shim::RealComm* const real_comm = shim::to_real(comm);
    shim::RealDatatype* const real_type = shim::to_real(type);
    rc = cross([&]() noexcept { return shim::real.Irecv(buffer, count, real_type, source, tag, real_comm, nullptr); });
  }
  return shim::raise(comm, rc, "MPI_Irecv");
}

}  // namespace
}  // namespace cairn::p2p

using namespace cairn;
using namespace cairn::p2p;

CAIRN_MPI_EXPORT int PMPI_Recv(void* buf, int count, MPI_Datatype type, int source, int tag, MPI_Comm comm,
                               MPI_Status* status) {
  if (!shim::usable(comm)) return shim::raise(comm, MPI_ERR_COMM, "MPI_Recv");
  crcp::begin_call("MPI_Recv");
  crcp::gate();
  if (__builtin_expect(crcp::attention() != 0, 0)) {
    crcp::note_frame("MPI_Recv", CAIRN_CALL_FRAME);
    return receive_slowly(buf, count, type, source, tag, comm, status);
  }
  shim::RealComm* const real_comm = shim::to_real(comm);
  shim::RealDatatype* const real_type = shim::to_real(type);
  shim::RealRequest* real = nullptr;
  MPI_Status result;
  int done = 0;
  const int rc = cross([&]() noexcept {
    int code = shim::real.Irecv(buf, count, real_type, source, tag, real_comm, &real);
    while (code == MPI_SUCCESS) {
      code = shim::real.Test(&real, &done, &result);
      if (done != 0 || crcp::attention() != 0) break;
    }
    return code;
  });
  if (rc == MPI_SUCCESS && done == 0) {
    crcp::note_frame("MPI_Recv", CAIRN_CALL_FRAME);
    Request* r = request_new(What::receive);
    describe_receive(*r, buf, count, type, source, tag, comm);
    r->order = next_order();
    r->real = real;
    r->state = State::active;
    crcp::gate_end();
    return finish_slowly(r, status);
  }
  if (done != 0) {
    crcp::count_received(*comm->crcp, result.MPI_SOURCE);
    count_matched(*comm->crcp, result);
    copy_status(status, result);
  }
  crcp::gate_end();
  crcp::mpi_thread().call = nullptr;
  return rc == MPI_SUCCESS ? rc : shim::raise(comm, rc, "MPI_Recv");
}
CAIRN_MPI_WEAK(MPI_Recv);

CAIRN_MPI_EXPORT int PMPI_Irecv(void* buf, int count, MPI_Datatype type, int source, int tag, MPI_Comm comm,
                                MPI_Request* request) {
  if (!shim::usable(comm)) return shim::raise(comm, MPI_ERR_COMM, "MPI_Irecv");
  if (request == nullptr) return nowhere_to_go(buf, count, type, source, tag, comm);
  Request* r = request_new(What::receive);
  int rc;
  {
    const crcp::Section section;
    describe_receive(*r, buf, count, type, source, tag, comm);
    rc = post(*r);
    if (rc == MPI_SUCCESS) *request = r;
  }
  if (rc == MPI_SUCCESS) return rc;
  request_free(r);
  return shim::raise(comm, rc, "MPI_Irecv");
}
CAIRN_MPI_WEAK(MPI_Irecv);
