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

// What the real library looks at when a persistent request is made: ours meets it at the first start only.
int check_envelope(int count, MPI_Datatype type, int peer, int tag, const ompi_communicator_t* comm, bool receives,
                   const MPI_Request* request) noexcept {
  if (!shim::usable(comm)) return MPI_ERR_COMM;
  if (count < 0) return MPI_ERR_COUNT;
  if (type == nullptr || type->null || !type->live) return MPI_ERR_TYPE;
  if (tag < 0 && !(receives && tag == MPI_ANY_TAG)) return MPI_ERR_TAG;
  const bool nobody = peer == MPI_PROC_NULL || (receives && peer == MPI_ANY_SOURCE);
  if (!nobody && (peer < 0 || peer >= (comm->inter ? comm->remote_size : comm->size))) return MPI_ERR_RANK;
  return request == nullptr ? MPI_ERR_REQUEST : MPI_SUCCESS;
}

int init_send(const void* buffer, int count, MPI_Datatype type, int peer, int tag, ompi_communicator_t* comm,
              SendMode mode, MPI_Request* request, const char* name) noexcept {
  if (const int rc = check_envelope(count, type, peer, tag, comm, false, request); rc != MPI_SUCCESS)
    return shim::raise(comm, rc, name);
  const crcp::Section section;
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
  return MPI_SUCCESS;
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
  return init_send(buf, count, type, dest, tag, comm, SendMode::standard, request, "MPI_Send_init");
}
CAIRN_MPI_WEAK(MPI_Send_init);

CAIRN_MPI_EXPORT int PMPI_Ssend_init(const void* buf, int count, MPI_Datatype type, int dest, int tag, MPI_Comm comm,
                                     MPI_Request* request) {
  return init_send(buf, count, type, dest, tag, comm, SendMode::synchronous, request, "MPI_Ssend_init");
}
CAIRN_MPI_WEAK(MPI_Ssend_init);

CAIRN_MPI_EXPORT int PMPI_Rsend_init(const void* buf, int count, MPI_Datatype type, int dest, int tag, MPI_Comm comm,
                                     MPI_Request* request) {
  return init_send(buf, count, type, dest, tag, comm, SendMode::standard, request, "MPI_Rsend_init");
}
CAIRN_MPI_WEAK(MPI_Rsend_init);

CAIRN_MPI_EXPORT int PMPI_Bsend_init(const void* buf, int count, MPI_Datatype type, int dest, int tag, MPI_Comm comm,
                                     MPI_Request* request) {
  return init_send(buf, count, type, dest, tag, comm, SendMode::buffered, request, "MPI_Bsend_init");
}
CAIRN_MPI_WEAK(MPI_Bsend_init);

CAIRN_MPI_EXPORT int PMPI_Recv_init(void* buf, int count, MPI_Datatype type, int source, int tag, MPI_Comm comm,
                                    MPI_Request* request) {
  if (const int rc = check_envelope(count, type, source, tag, comm, true, request); rc != MPI_SUCCESS)
    return shim::raise(comm, rc, "MPI_Recv_init");
  const crcp::Section section;
  Request* r = request_new(What::receive);
  r->persistent = true;
  describe_receive(*r, buf, count, type, source, tag, comm);
  *request = r;
  return MPI_SUCCESS;
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
