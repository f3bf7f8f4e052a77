// SPDX-License-Identifier: Apache-2.0
// MPI_Sendrecv and MPI_Sendrecv_replace: a receive and a send, polled together.
#include <cstdlib>

#include "mpi/crcp/mpi_thread.hpp"
#include "mpi/p2p/given_out.hpp"
#include "mpi/p2p/receive.hpp"
#include "mpi/p2p/send.hpp"
#include "mpi/p2p/synchronous.hpp"

namespace cairn::p2p {

namespace {

struct Half {
  void* buffer;
  int count;
  MPI_Datatype type;
  int peer, tag;
};

// The ordinary case, without requests of ours. MPI_SUCCESS with *left set: it was left before the end, the real
// requests that are not null go on.
struct Pair {
  shim::RealRequest* receive = nullptr;
  shim::RealRequest* send = nullptr;
  int received = 0, sent = 0;
  int receive_code = MPI_SUCCESS, send_code = MPI_SUCCESS;
  MPI_Status status;

  bool poll() noexcept {  // on the host's side; an error ends an operation, too
    if (sent == 0) send_code = shim::real.Test(&send, &sent, MPI_STATUS_IGNORE);
    if (received == 0) receive_code = shim::real.Test(&receive, &received, &status);
    if (send_code != MPI_SUCCESS) sent = 1;
    if (receive_code != MPI_SUCCESS) received = 1;
    return sent != 0 && received != 0;
  }
};

int post_pair(const Half& out, const Half& in, ompi_communicator_t* comm, Pair& p) noexcept {
  shim::RealComm* const real_comm = shim::to_real(comm);
  shim::RealDatatype* const out_type = shim::to_real(out.type);
  shim::RealDatatype* const in_type = shim::to_real(in.type);
  bool posted = false;
  const int rc = cross([&]() noexcept {
    int code = shim::real.Irecv(in.buffer, in.count, in_type, in.peer, in.tag, real_comm, &p.receive);
    if (code != MPI_SUCCESS) return code;
    code = shim::real.Isend(out.buffer, out.count, out_type, out.peer, out.tag, real_comm, &p.send);
    if (code != MPI_SUCCESS) {
      shim::real.Cancel(&p.receive);
      shim::real.Wait(&p.receive, MPI_STATUS_IGNORE);
      return code;
    }
    posted = true;
    while (!p.poll() && crcp::attention() == 0) {
    }
    return MPI_SUCCESS;
  });
  if (posted) count_sent(*comm->crcp, out.peer, out.tag);
  if (p.received != 0) {
    crcp::count_received(*comm->crcp, p.status.MPI_SOURCE);
    count_matched(*comm->crcp, p.status);
  }
  return rc;
}

// Gives what is left of the pair to request objects. In a section.
void keep(Pair& p, const Half& in, const Half& out, ompi_communicator_t* comm, Request** receive,
          Request** send) noexcept {
  if (p.received == 0) {
    Request* r = request_new(What::receive);
    describe_receive(*r, in.buffer, in.count, in.type, in.peer, in.tag, comm);
    r->order = next_order();
    r->real = p.receive;
    r->state = State::active;
    *receive = r;
  }
  if (p.sent == 0) {
    Request* r = request_new(What::send);
    describe_send(*r, p.send, out.peer, out.tag, comm, SendMode::standard);
    *send = r;
  }
}

// The slow case from the start: drained messages may be waiting for the receive.
int post_slowly(const Half& in, const Half& out, ompi_communicator_t* comm, Request** receive,
                Request** send) noexcept {
  Request* r = request_new(What::receive);
  describe_receive(*r, in.buffer, in.count, in.type, in.peer, in.tag, comm);
  int rc = post(*r);
  if (rc != MPI_SUCCESS) {
    request_free(r);
    return rc;
  }
  *receive = r;
  Request* s = request_new(What::send);
  s->comm = comm;
  s->buffer = out.buffer;
  s->count = out.count;
  s->type.predefined = out.type;  // alive until this call returns
  s->peer = out.peer;
  s->tag = out.tag;
  rc = post(*s);
  if (rc == MPI_SUCCESS) {
    *send = s;
    return rc;
  }
  request_free(s);
  make_orphan(*r);
  *receive = nullptr;
  return rc;
}

int exchange(const Half& out, const Half& in, ompi_communicator_t* comm, MPI_Status* status, const char* name,
             const void* frame) noexcept {
  crcp::begin_call(name);
  Request *receive = nullptr, *send = nullptr;
  Pair p;
  int rc;
  {
    const crcp::Section section;
    if (crcp::attention() == 0) {
      rc = post_pair(out, in, comm, p);
      if (rc == MPI_SUCCESS) {
        keep(p, in, out, comm, &receive, &send);
        if (p.received != 0) copy_status(status, p.status);
      }
    } else {
      rc = post_slowly(in, out, comm, &receive, &send);
    }
  }
  if (rc != MPI_SUCCESS) return shim::raise(comm, rc, name);
  if (receive != nullptr || send != nullptr) crcp::note_frame(name, frame);
  if (receive != nullptr) wait_until_complete(*receive);
  if (send != nullptr) wait_until_complete(*send);
  crcp::mpi_thread().call = nullptr;
  int received = p.receive_code, sent = p.send_code;
  if (receive != nullptr) received = hand_over_quietly(&receive, status);
  if (send != nullptr) sent = hand_over_quietly(&send, MPI_STATUS_IGNORE);
  const int error = received != MPI_SUCCESS ? received : sent;
  return error == MPI_SUCCESS ? error : shim::raise(comm, error, name);
}

}  // namespace
}  // namespace cairn::p2p

using namespace cairn;
using namespace cairn::p2p;

CAIRN_MPI_EXPORT int PMPI_Sendrecv(const void* sendbuf, int sendcount, MPI_Datatype sendtype, int dest, int sendtag,
                                   void* recvbuf, int recvcount, MPI_Datatype recvtype, int source, int recvtag,
                                   MPI_Comm comm, MPI_Status* status) {
  if (!shim::usable(comm)) return shim::raise(comm, MPI_ERR_COMM, "MPI_Sendrecv");
  const Half out{const_cast<void*>(sendbuf), sendcount, sendtype, dest, sendtag};
  const Half in{recvbuf, recvcount, recvtype, source, recvtag};
  return exchange(out, in, comm, status, "MPI_Sendrecv", CAIRN_CALL_FRAME);
}
CAIRN_MPI_WEAK(MPI_Sendrecv);

CAIRN_MPI_EXPORT int PMPI_Sendrecv_replace(void* buf, int count, MPI_Datatype type, int dest, int sendtag, int source,
                                           int recvtag, MPI_Comm comm, MPI_Status* status) {
  static const char kName[] = "MPI_Sendrecv_replace";
  if (!shim::usable(comm)) return shim::raise(comm, MPI_ERR_COMM, kName);
  int size = 0, position = 0, rc;
  void* bytes = nullptr;
  {
    const crcp::Section section;
    shim::RealComm* const real_comm = shim::to_real(comm);
    shim::RealDatatype* const real_type = shim::to_real(type);
    rc = cross([&]() noexcept { return shim::real.Pack_size(count, real_type, real_comm, &size); });
    if (rc == MPI_SUCCESS) {
      bytes = std::malloc(size == 0 ? 1 : static_cast<std::size_t>(size));
      rc = cross([&]() noexcept {
        return bytes == nullptr ? MPI_ERR_NO_MEM
                                : shim::real.Pack(buf, count, real_type, bytes, size, &position, real_comm);
      });
    }
  }
  if (rc != MPI_SUCCESS) {
    std::free(bytes);
    return shim::raise(comm, rc, kName);
  }
  const Half out{bytes, position, MPI_PACKED, dest, sendtag};
  const Half in{buf, count, type, source, recvtag};
  rc = exchange(out, in, comm, status, kName, CAIRN_CALL_FRAME);
  std::free(bytes);
  return rc;
}
CAIRN_MPI_WEAK(MPI_Sendrecv_replace);
