// SPDX-License-Identifier: Apache-2.0
#include "mpi/p2p/request.hpp"

#include <cstdlib>
#include <new>

#include "mpi/crcp/door.hpp"
#include "mpi/crcp/mpi_thread.hpp"
#include "mpi/p2p/drain.hpp"
#include "mpi/p2p/generalized.hpp"
#include "mpi/p2p/given_out.hpp"
#include "mpi/p2p/message.hpp"
#include "mpi/p2p/synchronous.hpp"
#include "mpi/shim/table_lock.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::p2p {

Slab* slabs = nullptr;

namespace {

Request* free_list = nullptr;
std::uint64_t orders = 0;
constexpr int kPollsPerSection = 64;

void grow() noexcept {
  auto* slab = static_cast<Slab*>(std::calloc(1, sizeof(Slab)));
  if (slab == nullptr) std::abort();
  for (Request& r : slab->requests) {
    r.magic = shim::kHandleMagic;
    r.fortran = shim::kNoFortranIndex;
    r.kind = RequestKind::collective;
    r.Handle::kind = shim::Kind::request;
    r.next_free = free_list;
    free_list = &r;
  }
  slab->next = slabs;
  slabs = slab;
}

// The last hold on a datatype that the application has freed enters the library.
void release_type(Request& r) noexcept {
  const crcp::Brief brief;
  shim::type_release(r.type);
}

}  // namespace

Request* request_new(What what) noexcept {
  const shim::TableLock lock;
  if (free_list == nullptr) grow();
  Request* r = free_list;
  free_list = r->next_free;
  r->real = nullptr;
  r->live = true;
  r->what = what;
  r->state = State::idle;
  r->send_mode = SendMode::standard;
  r->persistent = r->orphan = r->counted = false;
  r->comm = nullptr;
  r->message = nullptr;
  r->type = {};
  r->owner = {};
  r->told = nullptr;
  r->error = MPI_SUCCESS;
  return r;
}

void request_free(Request* r) noexcept {
  if (r->type.recipe != nullptr) release_type(*r);
  if (r->fortran != shim::kNoFortranIndex) shim::fortran_release(r);
  const shim::TableLock lock;
  r->live = false;
  r->real = shim::real_objects.request_null;
  r->state = State::free;
  r->next_free = free_list;
  free_list = r;
}

std::uint64_t next_order() noexcept { return ++orders; }

void empty_status(MPI_Status& status) noexcept {
  status = MPI_Status{};
  status.MPI_SOURCE = MPI_ANY_SOURCE;
  status.MPI_TAG = MPI_ANY_TAG;
  status.MPI_ERROR = MPI_SUCCESS;
}

void nobody_status(MPI_Status& status) noexcept {
  empty_status(status);
  status.MPI_SOURCE = MPI_PROC_NULL;
}

void copy_status(MPI_Status* to, const MPI_Status& from) noexcept {
  if (to == MPI_STATUS_IGNORE) return;
  const int error = to->MPI_ERROR;
  *to = from;
  to->MPI_ERROR = error;
}

void finish(Request& r, const MPI_Status& status, int error) noexcept {
  if (r.what == What::send && r.persistent)
    r.status._cancelled = status._cancelled;  // the rest is as it was told when the request was made
  else
    r.status = status;
  r.status.MPI_ERROR = error;
  r.error = error;
  if (r.what == What::receive && !r.counted && status._cancelled == 0) {
    crcp::count_received(*r.comm->crcp, status.MPI_SOURCE);
    count_matched(*r.comm->crcp, status, r.order);
  }
  if (r.what == What::send && r.send_mode == SendMode::synchronous) synchronous_gone(r);
  if (r.what == What::adopted) {
    const RequestOwner owner = r.owner;
    if (!r.persistent) {
      r.owner = {};
      if (owner.done != nullptr) owner.done(owner.data);
    }
  }
  // Of a persistent one that is not ours it stays until the application frees it.
  if (r.what != What::adopted || !r.persistent) r.real = nullptr;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  r.state = State::complete;  // last: from now on the application may free it
}

namespace {

// Whoever polls lets the library work, for others too.
bool poll_generalized(Request& r) noexcept {
  if (generalized_look(r)) return true;
  progress_library();
  return generalized_look(r);
}

}  // namespace

bool poll(Request& r) noexcept {
  if (r.state == State::held) take_acknowledgements();
  if (r.state == State::complete || r.state == State::idle) return true;
  if (r.state == State::pending) return poll_generalized(r);
  if (r.state == State::arriving) return receive_arrived(r);
  if (r.state != State::active) return false;
  int done = 0;
  MPI_Status status;
  empty_status(status);
  auto* real = static_cast<shim::RealRequest*>(r.real);
  const int rc = cross([&]() noexcept { return shim::real.Test(&real, &done, &status); });
  r.real = real;
  if (done == 0 && rc == MPI_SUCCESS) return false;
  finish(r, status, rc);
  return true;
}

namespace {

// The communicator of the file whose operation it is; null: of no file.
const ompi_communicator_t* file_of(const Request& r) noexcept {
  const bool of_file = r.told != nullptr && r.told->kind == shim::Kind::file;
  return of_file ? shim::file_comm(static_cast<const ompi_file_t*>(r.told)) : nullptr;
}

}  // namespace

void note_awaited(const Request& r, int more) noexcept {
  if (is_generalized(r))
    crcp::note_awaited(nullptr, "for a generalized request", 0, 0, more);
  else if (r.what != What::adopted)
    crcp::note_awaited(r.comm, r.what == What::send ? "to" : "from", r.peer, r.tag, more);
  else if (r.comm != nullptr)
    crcp::note_awaited_collective(r.comm, r.before, more);
  else
    crcp::note_awaited(file_of(r), crcp::kTowardsNobody, 0, 0, more);
}

// Polls without a yield of its own: where ranks outnumber processors (mpi_yield_when_idle), Open MPI's progress yields.
void wait_until_complete(Request& r) noexcept {
  note_awaited(r);
  for (;;) {
    {
      const crcp::Section section;
      crcp::duties();
      for (int i = 0; i < kPollsPerSection; ++i) {
        if (poll(r)) {
          crcp::mpi_thread().call = nullptr;
          return;
        }
        if ((crcp::attention() & crcp::kWanted) != 0 || crcp::others_wait()) break;
      }
    }
  }
}

namespace {

void let_go(MPI_Request* generalized) noexcept {
  generalized_release(**generalized);
  *generalized = MPI_REQUEST_NULL;
}

}  // namespace

int hand_over_quietly(MPI_Request* handle, MPI_Status* status) noexcept {
  Request* r = *handle;
  if (is_inactive(r)) {
    if (status != MPI_STATUS_IGNORE) {
      MPI_Status empty;
      empty_status(empty);
      copy_status(status, empty);
    }
    return MPI_SUCCESS;
  }
  if (is_generalized(*r)) generalized_ask(*r);
  copy_status(status, r->status);
  const int error = r->error;
  if (r->persistent) {
    r->state = State::idle;
    r->error = MPI_SUCCESS;
  } else if (!is_generalized(*r)) {
    request_free(r);
    *handle = MPI_REQUEST_NULL;
  } else if (error == MPI_SUCCESS) {
    let_go(handle);
  }
  return error;
}

void let_failed_go(int n, MPI_Request* requests) noexcept {
  for (int i = 0; i < n; ++i)
    if (!is_null(requests[i]) && is_generalized(*requests[i]) && requests[i]->error != MPI_SUCCESS)
      let_go(&requests[i]);
}

Told::Told(const Request* request) noexcept
    : comm_(is_null(request) ? nullptr : request->comm), object_(is_null(request) ? nullptr : request->told) {}

int Told::raise(int code, const char* function) const noexcept {
  if (object_ == nullptr) return shim::raise(comm_, code, function);
  if (object_->kind == shim::Kind::win) return shim::raise(static_cast<ompi_win_t*>(object_), code, function);
  return shim::raise(static_cast<ompi_file_t*>(object_), code, function);
}

int hand_over(MPI_Request* handle, MPI_Status* status, const char* function) noexcept {
  if (is_null(*handle) || ((*handle)->error == MPI_SUCCESS && !is_generalized(**handle)))
    return hand_over_quietly(handle, status);  // nobody will have to be told
  const Told told(*handle);
  const int error = hand_over_quietly(handle, status);
  if (error == MPI_SUCCESS) return error;
  let_failed_go(1, handle);
  return told.raise(error, function);
}

}  // namespace cairn::p2p
