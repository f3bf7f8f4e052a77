// SPDX-License-Identifier: Apache-2.0
// Persistent point-to-point requests are ours alone: each start posts an ordinary operation of the real library, so
// that nothing of them has to be rebuilt at a restart.
#include "mpi/p2p/persistent_collective.hpp"
#include "mpi/p2p/receive.hpp"

namespace cairn::p2p {

namespace {

// The real library's answer for each completed start. Ours start ordinary sends, whose status may say less. In a
// section.
void describe_status(Request& r) noexcept {
  nobody_status(r.status);
  if (r.peer == MPI_PROC_NULL) return;
  MPI_Count size = 0;
  shim::RealDatatype* const type = shim::type_real(r.type);
  cross([&]() noexcept { return shim::real.Type_size_x(type, &size); });
  r.status.MPI_SOURCE = r.comm->rank;
  r.status.MPI_TAG = r.tag;
  r.status._ucount = static_cast<std::size_t>(size) * static_cast<std::size_t>(r.count);
}

using SendInit = decltype(shim::RealFunctions::Send_init);

// The real library looks at the arguments when a persistent request is made, ours would meet them at the first start:
// it is asked, by making one. In a section.
template <class Init, class Buffer>
int ask_library(const Init& init, Buffer* buffer, int count, MPI_Datatype type, int peer, int tag,
                ompi_communicator_t* comm, const MPI_Request* request) noexcept {
  shim::RealComm* const real_comm = shim::to_real(comm);
  shim::RealDatatype* const real_type = shim::to_real(type);
  return cross([&]() noexcept {
    shim::RealRequest* made = nullptr;
    const int rc = init(buffer, count, real_type, peer, tag, real_comm, request == nullptr ? nullptr : &made);
    return rc == MPI_SUCCESS ? shim::real.Request_free(&made) : rc;
  });
}

// In a section.
void make_send(const void* buffer, int count, MPI_Datatype type, int peer, int tag, ompi_communicator_t* comm,
               SendMode mode, MPI_Request* request) noexcept {
  Request* r = request_new(What::send);
  r->persistent = true;
  r->send_mode = mode;
  r->buffer = const_cast<void*>(buffer);
  r->count = count;
  r->peer = peer;
  r->tag = tag;
  r->comm = comm;
  if (type->predefined)
    r->type.predefined = type;
  else
    r->type = shim::type_hold(type);
  describe_status(*r);
  *request = r;
}

int init_send(const SendInit& init, const void* buffer, int count, MPI_Datatype type, int peer, int tag,
              ompi_communicator_t* comm, SendMode mode, MPI_Request* request, const char* name) noexcept {
  int rc = MPI_ERR_COMM;
  if (shim::usable(comm)) {
    const crcp::Section section;
    rc = ask_library(init, buffer, count, type, peer, tag, comm, request);
    if (rc == MPI_SUCCESS) make_send(buffer, count, type, peer, tag, comm, mode, request);
  }
  return rc == MPI_SUCCESS ? rc : shim::raise(comm, rc, name);
}

int start(Request* r) noexcept {
  if (is_persistent_collective(r)) return start_collective(*r);
  const crcp::Section section;
  if (is_null(r) || !r->persistent || r->state != State::idle) return MPI_ERR_REQUEST;
  return post(*r);
}

}  // namespace
}  // namespace cairn::p2p

using namespace cairn;
using namespace cairn::p2p;

CAIRN_MPI_EXPORT int PMPI_Send_init(const void* buf, int count, MPI_Datatype type, int dest, int tag, MPI_Comm comm,
                                    MPI_Request* request) {
  return init_send(shim::real.Send_init, buf, count, type, dest, tag, comm, SendMode::standard, request,
                   "MPI_Send_init");
}
CAIRN_MPI_WEAK(MPI_Send_init);

CAIRN_MPI_EXPORT int PMPI_Ssend_init(const void* buf, int count, MPI_Datatype type, int dest, int tag, MPI_Comm comm,
                                     MPI_Request* request) {
  return init_send(shim::real.Ssend_init, buf, count, type, dest, tag, comm, SendMode::synchronous, request,
                   "MPI_Ssend_init");
}
CAIRN_MPI_WEAK(MPI_Ssend_init);

CAIRN_MPI_EXPORT int PMPI_Rsend_init(const void* buf, int count, MPI_Datatype type, int dest, int tag, MPI_Comm comm,
                                     MPI_Request* request) {
  return init_send(shim::real.Rsend_init, buf, count, type, dest, tag, comm, SendMode::standard, request,
                   "MPI_Rsend_init");
}
CAIRN_MPI_WEAK(MPI_Rsend_init);

CAIRN_MPI_EXPORT int PMPI_Bsend_init(const void* buf, int count, MPI_Datatype type, int dest, int tag, MPI_Comm comm,
                                     MPI_Request* request) {
  return init_send(shim::real.Bsend_init, buf, count, type, dest, tag, comm, SendMode::buffered, request,
                   "MPI_Bsend_init");
}
CAIRN_MPI_WEAK(MPI_Bsend_init);

CAIRN_MPI_EXPORT int PMPI_Recv_init(void* buf, int count, MPI_Datatype type, int source, int tag, MPI_Comm comm,
                                    MPI_Request* request) {
  int rc = MPI_ERR_COMM;
  if (shim::usable(comm)) {
    const crcp::Section section;
    rc = ask_library(shim::real.Recv_init, buf, count, type, source, tag, comm, request);
    if (rc == MPI_SUCCESS) {
      Request* r = request_new(What::receive);
      r->persistent = true;
      describe_receive(*r, buf, count, type, source, tag, comm);
      *request = r;
    }
  }
  return rc == MPI_SUCCESS ? rc : shim::raise(comm, rc, "MPI_Recv_init");
}
CAIRN_MPI_WEAK(MPI_Recv_init);

CAIRN_MPI_EXPORT int PMPI_Start(MPI_Request* request) { return PMPI_Startall(1, request); }
CAIRN_MPI_WEAK(MPI_Start);

CAIRN_MPI_EXPORT int PMPI_Startall(int n, MPI_Request* requests) {
  ompi_communicator_t* const nowhere = nullptr;
  if (n < 0) return shim::raise(nowhere, MPI_ERR_ARG, "MPI_Startall");
  if (n > 0 && requests == nullptr) return shim::raise(nowhere, MPI_ERR_REQUEST, "MPI_Startall");
  for (int i = 0; i < n; ++i) {
    if (const int rc = start(requests[i]); rc != MPI_SUCCESS) {
      ompi_communicator_t* comm = is_null(requests[i]) ? nullptr : requests[i]->comm;
      return shim::raise(comm, rc, n == 1 ? "MPI_Start" : "MPI_Startall");
    }
  }
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Startall);
