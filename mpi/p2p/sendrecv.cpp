// SPDX-License-Identifier: Apache-2.0
// MPI_Sendrecv and MPI_Sendrecv_replace: a receive and a send, polled together.
#include <climits>
#include <cstdlib>

#include "mpi/crcp/mpi_thread.hpp"
#include "mpi/p2p/given_out.hpp"
#include "mpi/p2p/packed.hpp"
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

// A datatype of the application's kind, since a restart may come before it is freed, for more bytes than an int counts.
MPI_Datatype make_big_type(std::size_t size) noexcept {
  constexpr std::size_t kBlock = std::size_t{1} << 30;
  const auto blocks = static_cast<int>(size / kBlock);
  MPI_Datatype block, made;
  PMPI_Type_contiguous(static_cast<int>(kBlock), MPI_PACKED, &block);
  const int lengths[2] = {blocks, static_cast<int>(size % kBlock)};
  const MPI_Aint displacements[2] = {0, static_cast<MPI_Aint>(kBlock) * blocks};
  const MPI_Datatype types[2] = {block, MPI_PACKED};
  PMPI_Type_create_struct(2, lengths, displacements, types, &made);
  PMPI_Type_commit(&made);
  PMPI_Type_free(&block);
  return made;
}

// What MPI_Sendrecv_replace sends, while it lives.
class Copy {
 public:
  Copy() noexcept = default;
  ~Copy() {
    if (type_ != MPI_PACKED) PMPI_Type_free(&type_);
    std::free(bytes_);
  }
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;

  int take(const void* buffer, int count, MPI_Datatype type, ompi_communicator_t* comm) noexcept {
    std::size_t size = 0;
    {
      const crcp::Section section;
      int rc = packed_size(count, shim::to_real(type), comm, &size);
      if (rc != MPI_SUCCESS) return rc;
      bytes_ = std::malloc(size == 0 ? 1 : size);
      if (bytes_ == nullptr) return MPI_ERR_NO_MEM;
      rc = pack(buffer, count, shim::to_real(type), comm, bytes_, size);
      if (rc != MPI_SUCCESS) return rc;
    }
    if (size > INT_MAX) type_ = make_big_type(size);
    count_ = size > INT_MAX ? 1 : static_cast<int>(size);
    return MPI_SUCCESS;
  }
  void* bytes() const noexcept { return bytes_; }
  int count() const noexcept { return count_; }
  MPI_Datatype type() const noexcept { return type_; }

 private:
  void* bytes_ = nullptr;
  int count_ = 0;
  MPI_Datatype type_ = MPI_PACKED;
};

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
  Copy copy;
  int rc = copy.take(buf, count, type, comm);
  if (rc != MPI_SUCCESS) return shim::raise(comm, rc, kName);
  const Half out{copy.bytes(), copy.count(), copy.type(), dest, sendtag};
  const Half in{buf, count, type, source, recvtag};
  return exchange(out, in, comm, status, kName, CAIRN_CALL_FRAME);
}
CAIRN_MPI_WEAK(MPI_Sendrecv_replace);
