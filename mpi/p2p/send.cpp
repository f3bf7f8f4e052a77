// SPDX-License-Identifier: Apache-2.0
// Sends, blocking and not. A blocking send is a non-blocking one polled inside the same crossing; a small message is
// complete as soon as it is posted, so that the poll costs one test.
#include "mpi/p2p/send.hpp"

#include "mpi/crcp/mpi_thread.hpp"
#include "mpi/p2p/bsend.hpp"
#include "mpi/p2p/synchronous.hpp"

namespace cairn::p2p {

void describe_send(Request& r, shim::RealRequest* real, int peer, int tag, ompi_communicator_t* comm,
                   SendMode mode) noexcept {
  r.comm = comm;
  r.real = real;
  r.peer = peer;
  r.tag = tag;
  r.send_mode = mode;
  r.state = State::active;
  r.order = next_order();
  if (mode == SendMode::synchronous) synchronous_posted(r);
}

namespace {

using SendFunction = decltype(shim::RealFunctions::Isend);

// The poll was left because somebody asked: go on with a request of our own.
template <SendFunction shim::RealFunctions::*Member>
int send_slowly(shim::RealRequest* real, int peer, int tag, ompi_communicator_t* comm, const char* name) noexcept {
  Request* r = request_new(What::send);
  describe_send(*r, real, peer, tag, comm,
                Member == &shim::RealFunctions::Issend ? SendMode::synchronous : SendMode::standard);
  crcp::gate_end();
  wait_until_complete(*r);
  return hand_over(&r, MPI_STATUS_IGNORE, name);
}

// Forced inline: the real function stays a direct load from the table.
template <SendFunction shim::RealFunctions::*Member>
inline __attribute__((always_inline)) int blocking_send(const void* buffer, int count, MPI_Datatype type, int peer,
                                                        int tag, ompi_communicator_t* comm, const char* name) noexcept {
  crcp::begin_call(name);
  crcp::gate();
  shim::RealComm* const real_comm = shim::to_real(comm);
  shim::RealDatatype* const real_type = shim::to_real(type);
  shim::RealRequest* real = nullptr;
  int done = 0;
  bool posted = false;
  int rc = cross([&]() noexcept {
    int code = (shim::real.*Member)(buffer, count, real_type, peer, tag, real_comm, &real);
    posted = code == MPI_SUCCESS;
    while (code == MPI_SUCCESS) {
      code = shim::real.Test(&real, &done, MPI_STATUS_IGNORE);
      if (done != 0 || crcp::attention() != 0) break;
    }
    return code;
  });
  if (posted) count_sent(*comm->crcp, peer, tag);
  if (rc == MPI_SUCCESS && done == 0) {
    crcp::note_frame(name, CAIRN_CALL_FRAME);
    return send_slowly<Member>(real, peer, tag, comm, name);
  }
  crcp::gate_end();
  crcp::mpi_thread().call = nullptr;
  return rc == MPI_SUCCESS ? rc : shim::raise(comm, rc, name);
}

template <SendFunction shim::RealFunctions::*Member>
inline __attribute__((always_inline)) int start_send(const void* buffer, int count, MPI_Datatype type, int peer,
                                                     int tag, ompi_communicator_t* comm, SendMode mode,
                                                     MPI_Request* request, const char* name) noexcept {
  Request* r = request_new(What::send);
  crcp::gate();
  shim::RealComm* const real_comm = shim::to_real(comm);
  shim::RealDatatype* const real_type = shim::to_real(type);
  shim::RealRequest* real = nullptr;
  shim::RealRequest** const made =
      request == nullptr ? nullptr : &real;  // the real library says what is wrong with that
  const int rc =
      cross([&]() noexcept { return (shim::real.*Member)(buffer, count, real_type, peer, tag, real_comm, made); });
  if (rc == MPI_SUCCESS) {
    count_sent(*comm->crcp, peer, tag);
    describe_send(*r, real, peer, tag, comm, mode);
    *request = r;
  }
  crcp::gate_end();
  if (rc == MPI_SUCCESS) return rc;
  request_free(r);
  return shim::raise(comm, rc, name);
}

// A communicator that cannot be used: the real library's own check gives the error.
int bad_comm(ompi_communicator_t* comm, const char* name) noexcept { return shim::raise(comm, MPI_ERR_COMM, name); }

int buffered(const void* buffer, int count, MPI_Datatype type, int peer, int tag, ompi_communicator_t* comm,
             const char* name) noexcept {
  int rc;
  {
    const crcp::Section section;
    rc = bsend(buffer, count, shim::to_real(type), peer, tag, comm);
  }
  return rc == MPI_SUCCESS ? rc : shim::raise(comm, rc, name);
}

}  // namespace
}  // namespace cairn::p2p

using namespace cairn;
using namespace cairn::p2p;

CAIRN_MPI_EXPORT int PMPI_Send(const void* buf, int count, MPI_Datatype type, int dest, int tag, MPI_Comm comm) {
  if (!shim::usable(comm)) return bad_comm(comm, "MPI_Send");
  return blocking_send<&shim::RealFunctions::Isend>(buf, count, type, dest, tag, comm, "MPI_Send");
}
CAIRN_MPI_WEAK(MPI_Send);

CAIRN_MPI_EXPORT int PMPI_Ssend(const void* buf, int count, MPI_Datatype type, int dest, int tag, MPI_Comm comm) {
  if (!shim::usable(comm)) return bad_comm(comm, "MPI_Ssend");
  return blocking_send<&shim::RealFunctions::Issend>(buf, count, type, dest, tag, comm, "MPI_Ssend");
}
CAIRN_MPI_WEAK(MPI_Ssend);

CAIRN_MPI_EXPORT int PMPI_Rsend(const void* buf, int count, MPI_Datatype type, int dest, int tag, MPI_Comm comm) {
  if (!shim::usable(comm)) return bad_comm(comm, "MPI_Rsend");
  // As a standard send: after a restart the receive that was posted may be waiting in the shim.
  return blocking_send<&shim::RealFunctions::Isend>(buf, count, type, dest, tag, comm, "MPI_Rsend");
}
CAIRN_MPI_WEAK(MPI_Rsend);

CAIRN_MPI_EXPORT int PMPI_Bsend(const void* buf, int count, MPI_Datatype type, int dest, int tag, MPI_Comm comm) {
  if (!shim::usable(comm)) return bad_comm(comm, "MPI_Bsend");
  return buffered(buf, count, type, dest, tag, comm, "MPI_Bsend");
}
CAIRN_MPI_WEAK(MPI_Bsend);

CAIRN_MPI_EXPORT int PMPI_Isend(const void* buf, int count, MPI_Datatype type, int dest, int tag, MPI_Comm comm,
                                MPI_Request* request) {
  if (!shim::usable(comm)) return bad_comm(comm, "MPI_Isend");
  return start_send<&shim::RealFunctions::Isend>(buf, count, type, dest, tag, comm, SendMode::standard, request,
                                                 "MPI_Isend");
}
CAIRN_MPI_WEAK(MPI_Isend);

CAIRN_MPI_EXPORT int PMPI_Issend(const void* buf, int count, MPI_Datatype type, int dest, int tag, MPI_Comm comm,
                                 MPI_Request* request) {
  if (!shim::usable(comm)) return bad_comm(comm, "MPI_Issend");
  return start_send<&shim::RealFunctions::Issend>(buf, count, type, dest, tag, comm, SendMode::synchronous, request,
                                                  "MPI_Issend");
}
CAIRN_MPI_WEAK(MPI_Issend);

CAIRN_MPI_EXPORT int PMPI_Irsend(const void* buf, int count, MPI_Datatype type, int dest, int tag, MPI_Comm comm,
                                 MPI_Request* request) {
  if (!shim::usable(comm)) return bad_comm(comm, "MPI_Irsend");
  return start_send<&shim::RealFunctions::Isend>(buf, count, type, dest, tag, comm, SendMode::ready, request,
                                                 "MPI_Irsend");
}
CAIRN_MPI_WEAK(MPI_Irsend);

CAIRN_MPI_EXPORT int PMPI_Ibsend(const void* buf, int count, MPI_Datatype type, int dest, int tag, MPI_Comm comm,
                                 MPI_Request* request) {
  if (!shim::usable(comm)) return bad_comm(comm, "MPI_Ibsend");
  if (request == nullptr)
    return start_send<&shim::RealFunctions::Isend>(buf, count, type, dest, tag, comm, SendMode::buffered, request,
                                                   "MPI_Ibsend");
  const int rc = buffered(buf, count, type, dest, tag, comm, "MPI_Ibsend");
  if (rc != MPI_SUCCESS) return rc;
  Request* r = request_new(What::send);
  r->comm = comm;
  r->send_mode = SendMode::buffered;
  nobody_status(r->status);
  r->state = State::complete;
  *request = r;
  return rc;
}
CAIRN_MPI_WEAK(MPI_Ibsend);
