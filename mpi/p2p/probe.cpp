// SPDX-License-Identifier: Apache-2.0
// Probes and matched messages. A matched message counts as received when it is matched; a cut takes its bytes out of
// the library into the message object.
#include "mpi/crcp/door.hpp"
#include "mpi/crcp/mpi_thread.hpp"
#include "mpi/p2p/given_out.hpp"
#include "mpi/p2p/message.hpp"
#include "mpi/p2p/queue.hpp"
#include "mpi/p2p/receive.hpp"

namespace cairn::p2p {

namespace {

// One attempt, in a section. `function` gives a flag; the message's status comes back in `status`.
int try_probe(int source, int tag, ompi_communicator_t* comm, int& flag, MPI_Status& status) noexcept {
  crcp::CommState& state = *comm->crcp;
  if (!state.queue.empty()) {
    if (const crcp::QueuedMessage* m = find_queued(state, source, tag)) {
      envelope_status(*m, status);
      flag = 1;
      return MPI_SUCCESS;
    }
  }
  shim::RealComm* const real_comm = shim::to_real(comm);
  return cross([&]() noexcept { return shim::real.Iprobe(source, tag, real_comm, &flag, &status); });
}

int try_matched_probe(int source, int tag, ompi_communicator_t* comm, int& flag, Message** message,
                      MPI_Status& status) noexcept {
  crcp::CommState& state = *comm->crcp;
  if (!state.queue.empty()) {
    if (crcp::QueuedMessage* m = find_queued(state, source, tag)) {
      envelope_status(*m, status);
      *message = message_new(comm, status);
      message_take_over(**message, take_queued(state, m));
      flag = 1;
      return MPI_SUCCESS;
    }
  }
  shim::RealComm* const real_comm = shim::to_real(comm);
  shim::RealMessage* real = nullptr;
  const int rc = cross([&]() noexcept { return shim::real.Improbe(source, tag, real_comm, &flag, &real, &status); });
  if (rc != MPI_SUCCESS || flag == 0) return rc;
  if (real == shim::real_objects.message_no_proc) {
    *message = MPI_MESSAGE_NO_PROC;
    return rc;
  }
  *message = message_new(comm, status);
  (*message)->real = real;
  crcp::count_received(state, status.MPI_SOURCE);
  return rc;
}

// Repeats attempt(flag) in sections until flag is set or an error comes. `called`: for texts.
struct Called {
  const char* name;
  const void* frame;
};
template <class Attempt>
int until_found(const Called& called, const ompi_communicator_t* comm, int source, int tag,
                Attempt&& attempt) noexcept {
  for (bool first = true;; first = false) {
    int flag = 0, rc = MPI_SUCCESS;
    {
      const crcp::Section section;
      if (crcp::attention() != 0) crcp::duties();
      do rc = attempt(flag);
      while (rc == MPI_SUCCESS && flag == 0 && crcp::attention() == 0);
    }
    if (rc != MPI_SUCCESS || flag != 0) {
      crcp::mpi_thread().call = nullptr;
      return rc;
    }
    if (!first) continue;
    crcp::note_frame(called.name, called.frame);
    crcp::note_awaited(comm, "from", source, tag);
  }
}

}  // namespace
}  // namespace cairn::p2p

using namespace cairn;
using namespace cairn::p2p;

CAIRN_MPI_EXPORT int PMPI_Probe(int source, int tag, MPI_Comm comm, MPI_Status* status) {
  if (!shim::usable(comm)) return shim::raise(comm, MPI_ERR_COMM, "MPI_Probe");
  crcp::begin_call("MPI_Probe");
  MPI_Status result;
  empty_status(result);
  const int rc = until_found({"MPI_Probe", CAIRN_CALL_FRAME}, comm, source, tag,
                             [&](int& flag) noexcept { return try_probe(source, tag, comm, flag, result); });
  if (rc != MPI_SUCCESS) return shim::raise(comm, rc, "MPI_Probe");
  copy_status(status, result);
  return rc;
}
CAIRN_MPI_WEAK(MPI_Probe);

CAIRN_MPI_EXPORT int PMPI_Iprobe(int source, int tag, MPI_Comm comm, int* flag, MPI_Status* status) {
  if (!shim::usable(comm)) return shim::raise(comm, MPI_ERR_COMM, "MPI_Iprobe");
  MPI_Status result;
  empty_status(result);
  int found = 0, rc;
  {
    const crcp::Section section;
    if (crcp::attention() != 0) crcp::duties();
    rc = try_probe(source, tag, comm, found, result);
  }
  if (rc != MPI_SUCCESS) return shim::raise(comm, rc, "MPI_Iprobe");
  *flag = found;
  if (found != 0) copy_status(status, result);
  return rc;
}
CAIRN_MPI_WEAK(MPI_Iprobe);

CAIRN_MPI_EXPORT int PMPI_Mprobe(int source, int tag, MPI_Comm comm, MPI_Message* message, MPI_Status* status) {
  if (!shim::usable(comm)) return shim::raise(comm, MPI_ERR_COMM, "MPI_Mprobe");
  if (message == nullptr) return shim::raise(comm, MPI_ERR_REQUEST, "MPI_Mprobe");
  crcp::begin_call("MPI_Mprobe");
  MPI_Status result;
  empty_status(result);
  const int rc = until_found({"MPI_Mprobe", CAIRN_CALL_FRAME}, comm, source, tag, [&](int& flag) noexcept {
    return try_matched_probe(source, tag, comm, flag, message, result);
  });
  if (rc != MPI_SUCCESS) return shim::raise(comm, rc, "MPI_Mprobe");
  copy_status(status, result);
  return rc;
}
CAIRN_MPI_WEAK(MPI_Mprobe);

CAIRN_MPI_EXPORT int PMPI_Improbe(int source, int tag, MPI_Comm comm, int* flag, MPI_Message* message,
                                  MPI_Status* status) {
  if (!shim::usable(comm)) return shim::raise(comm, MPI_ERR_COMM, "MPI_Improbe");
  if (message == nullptr) return shim::raise(comm, MPI_ERR_REQUEST, "MPI_Improbe");
  MPI_Status result;
  empty_status(result);
  int found = 0, rc;
  {
    const crcp::Section section;
    if (crcp::attention() != 0) crcp::duties();
    rc = try_matched_probe(source, tag, comm, found, message, result);
  }
  if (rc != MPI_SUCCESS) return shim::raise(comm, rc, "MPI_Improbe");
  *flag = found;
  if (found != 0)
    copy_status(status, result);
  else
    *message = MPI_MESSAGE_NULL;
  return rc;
}
CAIRN_MPI_WEAK(MPI_Improbe);

namespace cairn::p2p {
namespace {

// Starts receiving a matched message; *request is active or complete. In a section.
int start_matched(void* buffer, int count, MPI_Datatype type, Message** message, Request** request) noexcept {
  Message* m = *message;
  Request* r = request_new(What::matched_receive);
  r->counted = true;
  describe_receive(*r, buffer, count, type, m->status.MPI_SOURCE, m->status.MPI_TAG, m->comm);
  r->order = next_order();
  int rc = MPI_SUCCESS;
  bool over = false;
  if (m == MPI_MESSAGE_NO_PROC) {
    r->comm = nullptr;
    MPI_Status none;
    nobody_status(none);
    finish(*r, none, MPI_SUCCESS);
  } else if (m->taken) {
    receive_later(*r, m);
    receive_arrived(*r);
  } else {
    shim::RealDatatype* const real_type = shim::to_real(type);
    auto* real_message = static_cast<shim::RealMessage*>(m->real);
    shim::RealRequest* real = nullptr;
    rc = cross([&]() noexcept { return shim::real.Imrecv(buffer, count, real_type, &real_message, &real); });
    r->real = real;
    r->state = State::active;
    over = true;
  }
  if (rc != MPI_SUCCESS) {
    request_free(r);
    return rc;
  }
  if (over) message_free(m);
  *message = MPI_MESSAGE_NULL;
  *request = r;
  return rc;
}

int matched_receive(void* buffer, int count, MPI_Datatype type, MPI_Message* message, Request** request,
                    const char* name) noexcept {
  if (message == nullptr || *message == nullptr || (*message)->null)
    return shim::raise(static_cast<ompi_communicator_t*>(nullptr), MPI_ERR_REQUEST, name);
  ompi_communicator_t* comm = *message == MPI_MESSAGE_NO_PROC ? nullptr : (*message)->comm;
  int rc;
  {
    const crcp::Section section;
    rc = start_matched(buffer, count, type, message, request);
  }
  return rc == MPI_SUCCESS ? rc : shim::raise(comm, rc, name);
}

}  // namespace
}  // namespace cairn::p2p

CAIRN_MPI_EXPORT int PMPI_Imrecv(void* buf, int count, MPI_Datatype type, MPI_Message* message, MPI_Request* request) {
  return matched_receive(buf, count, type, message, request, "MPI_Imrecv");
}
CAIRN_MPI_WEAK(MPI_Imrecv);

CAIRN_MPI_EXPORT int PMPI_Mrecv(void* buf, int count, MPI_Datatype type, MPI_Message* message, MPI_Status* status) {
  Request* r = nullptr;
  const int rc = matched_receive(buf, count, type, message, &r, "MPI_Mrecv");
  if (rc != MPI_SUCCESS || r == nullptr) return rc;
  crcp::begin_call("MPI_Mrecv");
  crcp::note_frame("MPI_Mrecv", CAIRN_CALL_FRAME);
  wait_until_complete(*r);
  return hand_over(&r, status, "MPI_Mrecv");
}
CAIRN_MPI_WEAK(MPI_Mrecv);
