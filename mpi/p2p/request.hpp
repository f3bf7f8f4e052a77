// SPDX-License-Identifier: Apache-2.0
// The guest's MPI_Request and MPI_Message: descriptors that can outlive the real library's objects.
//
// Ownership: Request objects come from slabs that are never given back; a handle goes to the free list when MPI frees
// it. The cut finds every active one by walking the slabs. Changed in a section (mpi/crcp/gate.hpp) or by the
// callback thread with the lock held; the free list is changed with TableLock held.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/abi/crossing.h"
#include "mpi/crcp/comm_state.hpp"
#include "mpi/crcp/gate.hpp"
#include "mpi/p2p/adopt.hpp"
#include "mpi/shim/objects/datatype/hold.hpp"
#include "mpi/shim/objects/errhandler/raise.hpp"
#include "mpi/shim/real.hpp"

namespace cairn::p2p {

enum class What : std::uint8_t { send, receive, matched_receive, adopted, generalized };
enum class SendMode : std::uint8_t { standard, synchronous, ready, buffered };
enum class State : std::uint8_t {
  free,      // in the free list
  idle,      // persistent, not started
  active,    // `real` is the library's request
  recorded,  // a collective whose door is not open yet: no real request
  pending,   // a generalized request that the application has not completed
  parked,    // a receive taken back from the library for the time of a cut
  arriving,  // a receive whose message is in `message`, or on its way there (arriving.hpp)
  held,      // a synchronous send: status and error are here, but its message waits in the receiver's queue
  complete   // status and error are here, the real request is gone
};

}  // namespace cairn::p2p

struct ompi_request_t : cairn::shim::Handle {
  cairn::p2p::What what;
  cairn::p2p::State state;
  cairn::p2p::SendMode send_mode;
  bool persistent;
  bool orphan;                   // freed by the application while active
  bool counted;                  // a receive whose message was counted before (Mprobe, drain)
  cairn::p2p::RequestKind kind;  // adopted only
  std::int32_t peer, tag, count;
  void* buffer;
  ompi_communicator_t* comm;  // kept while the request refers to it (references.hpp), freed or not
  ompi_request_t* next_free;
  cairn::shim::TypeHold type;
  std::uint64_t order;   // of posting; of a persistent collective: of those made on its communicator
  std::uint64_t before;  // a pending synchronous send: messages with its envelope that were sent earlier; a
                         // collective: its number on its communicator, with those before it
  // At the offset of the real req_f_to_c_index, which libmpi_mpifh reads; like Handle::fortran.
  std::int32_t fortran_index;
  std::uint32_t place;   // a pending synchronous send: where it stands among them
  std::uint64_t ticket;  // ... and what its receiver calls it (synchronous.hpp)
  cairn::p2p::RequestOwner owner;
  cairn::shim::Handle* told;  // a file or window whose handler is told of errors; null: that of `comm`
  MPI_Status status;
  std::int32_t error;
  char unused[40];          // libmpi_mpifh clears byte shim::kGrequestIsC of a request it got from MPI_Grequest_start
  ompi_message_t* message;  // arriving only
};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
static_assert(offsetof(ompi_request_t, fortran_index) == 0x68);
#pragma GCC diagnostic pop
static_assert(sizeof(ompi_request_t) <= 0x100 && sizeof(ompi_request_t) >= cairn::shim::kRequestMinimum);

struct ompi_message_t : cairn::shim::Handle {
  ompi_communicator_t* comm;
  cairn::crcp::QueuedMessage queued;
  MPI_Status status;
  bool taken;                           // out of the library: `queued`, which may still be arriving
  std::uint64_t order, matched_before;  // given_out.hpp
  ompi_message_t *next, *previous;
};
static_assert(sizeof(ompi_message_t) <= 0x100);

namespace cairn::p2p {

using Request = ompi_request_t;
using Message = ompi_message_t;

// Runs f inside the host. f may not touch anything thread-local, allocate, or throw.
template <class F>
inline int cross(F&& f) noexcept {
  const std::uint64_t how = cairn_enter_light();
  const int result = f();
  cairn_leave_light(how);
  return result;
}

Request* request_new(What what) noexcept;
void request_free(Request* request) noexcept;  // and its Fortran index and type
// Calls visit(request) for every request that is not free.
template <class F>
void for_each_request(F&& visit);

// In a section (or callback thread), with the library free. Asks the library once; true if the request is complete now.
bool poll(Request& request) noexcept;
// The library has completed it: counts, releases, state = complete.
void finish(Request& request, const MPI_Status& status, int error) noexcept;
// Starts the operation that the request describes (send or receive), looking at the drained messages first.
int post(Request& request) noexcept;
// Puts a parked receive back into the library.
int repost(Request& request) noexcept;
std::uint64_t next_order() noexcept;

// Freed by the application while active: goes on without it.
void make_orphan(Request& request) noexcept;
// Frees those that are complete now. In a section.
void reap_orphans() noexcept;

// Outside of a section: polls until complete, does the duties, waits at the gate when asked.
void wait_until_complete(Request& request) noexcept;
// For texts: that the calling thread waits for it, and for `more` others.
void note_awaited(const Request& request, int more = 0) noexcept;
// Whose error handler is told how a request ended: kept while the request itself is freed.
class Told {
 public:
  explicit Told(const Request* request) noexcept;
  int raise(int code, const char* function) const noexcept;

 private:
  ompi_communicator_t* comm_;
  shim::Handle* object_;
};
// Gives the result to the application: status, handle, errors. `handle` may become MPI_REQUEST_NULL.
int hand_over(MPI_Request* handle, MPI_Status* status, const char* function) noexcept;
// The same without calling the error handler, for arrays: generalized requests that failed are kept, until all others
// have been given, for let_failed_go(). Not in a section if there may be such.
int hand_over_quietly(MPI_Request* handle, MPI_Status* status) noexcept;
void let_failed_go(int n, MPI_Request* requests) noexcept;

void copy_status(MPI_Status* to, const MPI_Status& from) noexcept;  // all but MPI_ERROR, as single completions do
void empty_status(MPI_Status& status) noexcept;
void nobody_status(
    MPI_Status& status) noexcept;  // of MPI_PROC_NULL, and of sends that are complete when they are begun
// A send that is complete while a request is served may turn out to be held (synchronous.hpp): then the state is looked
// at in a section. Without the lock.
inline bool is_complete_for_good(const Request& r) noexcept {
  const bool complete = r.state == State::complete;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  return complete && crcp::attention() == 0;
}
inline bool is_null(const Request* request) noexcept { return request == nullptr || request->null; }
inline bool is_inactive(const Request* request) noexcept { return is_null(request) || request->state == State::idle; }

// ---- slabs ----
inline constexpr int kSlabSize = 128;
struct Slab {
  Slab* next;
  Request requests[kSlabSize];
};
extern Slab* slabs;

template <class F>
void for_each_request(F&& visit) {
  for (Slab* s = slabs; s != nullptr; s = s->next)
    for (Request& r : s->requests)
      if (r.state != State::free) visit(r);
}

}  // namespace cairn::p2p
