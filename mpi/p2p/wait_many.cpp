// SPDX-License-Identifier: Apache-2.0
// MPI_Waitall, Testall, Waitany, Testany, Waitsome, Testsome. In the ordinary case the real library gets an array of
// its own requests in one crossing; otherwise (a request is served, a request has no real one) each is polled by
// itself.
#include <memory>
#include <optional>

#include "mpi/crcp/door.hpp"
#include "mpi/crcp/mpi_thread.hpp"
#include "mpi/p2p/generalized.hpp"

namespace cairn::p2p {

namespace {

// The real library's view of an array of requests.
class Array {
 public:
  Array(int n, MPI_Request* requests) noexcept : n_(n), requests_(requests) {
    if (n > kSmall) {
      big_real_.reset(new shim::RealRequest*[static_cast<std::size_t>(n)]);
      big_status_.reset(new MPI_Status[static_cast<std::size_t>(n)]);
    }
  }
  shim::RealRequest** real() noexcept { return big_real_ ? big_real_.get() : small_real_; }
  MPI_Status* statuses() noexcept { return big_status_ ? big_status_.get() : small_status_; }
  int active() const noexcept { return active_; }

  // In a section. False if some request is complete already or has no real one: the slow way.
  bool fill() noexcept {
    active_ = 0;
    bool simple = true;
    for (int i = 0; i < n_; ++i) {
      const Request* r = requests_[i];
      const bool inactive = is_inactive(r);
      if (!inactive) ++active_;
      if (!inactive && r->state != State::active) simple = false;
      real()[i] = inactive ? shim::real_objects.request_null : static_cast<shim::RealRequest*>(r->real);
    }
    return simple;
  }
  // The library has completed request i with status s.
  void finished(int i, const MPI_Status& s, int error) noexcept {
    Request& r = *requests_[i];
    r.real = real()[i];
    finish(r, s, error);
  }

 private:
  static constexpr int kSmall = 64;
  int n_;
  MPI_Request* requests_;
  int active_ = 0;
  shim::RealRequest* small_real_[kSmall];
  MPI_Status small_status_[kSmall];
  std::unique_ptr<shim::RealRequest*[]> big_real_;
  std::unique_ptr<MPI_Status[]> big_status_;
};

// What is wrong with the arguments of a call, as a code. `outputs`: it has a place for each answer.
int fault_of(int n, const MPI_Request* requests, bool outputs) noexcept {
  if (n < 0 || !outputs) return MPI_ERR_ARG;
  if (n > 0 && requests == nullptr) return MPI_ERR_REQUEST;
  for (int i = 0; i < n; ++i)
    if (requests[i] == nullptr) return MPI_ERR_REQUEST;
  return MPI_SUCCESS;
}

int raise_array(int code, const char* name) noexcept {
  return shim::raise(static_cast<ompi_communicator_t*>(nullptr), code, name);
}

// Asks for each request once. How many active ones there are, and how many are complete.
struct Tally {
  int active = 0, complete = 0;
};
Tally poll_each(int n, MPI_Request* requests) noexcept {
  Tally tally;
  const crcp::Section section;
  if (crcp::attention() != 0) crcp::duties();
  for (int i = 0; i < n; ++i) {
    if (is_inactive(requests[i])) continue;
    ++tally.active;
    if (poll(*requests[i])) ++tally.complete;
  }
  return tally;
}

// ---- all ----

enum class Quick { done, not_yet, slow };

Quick all_quickly(int n, MPI_Request* requests, bool once) noexcept {
  Array array(n, requests);
  const crcp::Section section;
  if (crcp::attention() != 0 || !array.fill()) return Quick::slow;
  if (array.active() == 0) return Quick::done;
  int done = 0;
  shim::RealRequest** const real = array.real();
  MPI_Status* const statuses = array.statuses();
  const int rc = cross([&]() noexcept {
    int code;
    do code = shim::real.Testall(n, real, &done, statuses);
    while (code == MPI_SUCCESS && done == 0 && !once && crcp::attention() == 0);
    return code;
  });
  if (done == 0 && rc == MPI_SUCCESS) return once ? Quick::not_yet : Quick::slow;
  for (int i = 0; i < n; ++i) {
    if (is_inactive(requests[i])) continue;
    const int error = rc == MPI_ERR_IN_STATUS ? statuses[i].MPI_ERROR : MPI_SUCCESS;
    if (error == MPI_ERR_PENDING) continue;
    array.finished(i, statuses[i], rc == MPI_SUCCESS || rc == MPI_ERR_IN_STATUS ? error : rc);
  }
  return rc == MPI_SUCCESS ? Quick::done : Quick::slow;
}

// Gives several requests to the application. A handler is told the error of the first that failed.
class HandOver {
 public:
  HandOver(MPI_Request* requests, MPI_Status* statuses) noexcept : requests_(requests), statuses_(statuses) {}
  // Request i; its status is the one at `place`.
  void give(int i, int place) noexcept {
    const Told told(requests_[i]);
    MPI_Status* s = statuses_ == MPI_STATUSES_IGNORE ? MPI_STATUS_IGNORE : &statuses_[place];
    const int error = hand_over_quietly(&requests_[i], s);
    if (s != MPI_STATUS_IGNORE) s->MPI_ERROR = error;
    if (error == MPI_SUCCESS || (told_ && place > place_)) return;
    told_.emplace(told);
    place_ = place;
    error_ = error;
  }
  // Of an array of n. The code of the call.
  int end(int n, const char* name) noexcept {
    if (!told_) return MPI_SUCCESS;
    let_failed_go(n, requests_);
    told_->raise(error_, name);
    return MPI_ERR_IN_STATUS;
  }

 private:
  MPI_Request* requests_;
  MPI_Status* statuses_;
  std::optional<Told> told_;
  int place_ = 0, error_ = MPI_SUCCESS;
};

int hand_over_all(int n, MPI_Request* requests, MPI_Status* statuses, const char* name) noexcept {
  HandOver hand_over(requests, statuses);
  for (int i = 0; i < n; ++i) hand_over.give(i, i);
  return hand_over.end(n, name);
}

// ---- some, any ----

// Number of completed requests found in one attempt of the real library; -1: the slow way.
int some_quickly(int n, MPI_Request* requests, bool once, bool one) noexcept {
  Array array(n, requests);
  const crcp::Section section;
  if (crcp::attention() != 0 || !array.fill()) return -1;
  if (array.active() == 0) return 0;
  std::unique_ptr<int[]> indices(new int[static_cast<std::size_t>(n)]);
  int* const index = indices.get();
  int found = 0, flag = 0;
  shim::RealRequest** const real = array.real();
  MPI_Status* const statuses = array.statuses();
  const int rc = cross([&]() noexcept {
    int code;
    do {
      if (one) {
        code = shim::real.Testany(n, real, &index[0], &flag, &statuses[0]);
        found = flag != 0 && index[0] != MPI_UNDEFINED ? 1 : 0;
      } else {
        code = shim::real.Testsome(n, real, &found, index, statuses);
      }
    } while (code == MPI_SUCCESS && found == 0 && !once && crcp::attention() == 0);
    return code;
  });
  if (rc != MPI_SUCCESS && found == 0) return -1;
  for (int i = 0; i < found; ++i) {
    const int error = rc == MPI_ERR_IN_STATUS ? statuses[i].MPI_ERROR : rc;
    array.finished(index[i], statuses[i], error);
  }
  return found;
}

// In a section: what is complete outside of one may be held a moment later (is_complete_for_good()).
int first_complete(int n, MPI_Request* requests) noexcept {
  const crcp::Section section;
  for (int i = 0; i < n; ++i) {
    if (is_inactive(requests[i])) continue;
    if (requests[i]->state == State::complete) return i;
    if (requests[i]->state == State::pending && generalized_look(*requests[i])) return i;
  }
  return MPI_UNDEFINED;
}

struct Called {  // for texts
  const char* name;
  const void* frame;
};

// For texts: what is waited for. In the slow way only.
void note_rest(int n, MPI_Request* requests, const Called& called) noexcept {
  const crcp::Section section;
  const Request* first = nullptr;
  int more = -1;
  for (int i = 0; i < n; ++i) {
    const Request* r = requests[i];
    if (is_inactive(r) || r->state == State::complete) continue;
    if (first == nullptr) first = r;
    ++more;
  }
  if (first == nullptr) return;
  crcp::note_frame(called.name, called.frame);
  note_awaited(*first, more);
}

// Waits (or, once, asks) until at least one request is complete. False if none is active.
bool find_complete(int n, MPI_Request* requests, bool once, bool one, const Called& called) noexcept {
  if (first_complete(n, requests) != MPI_UNDEFINED) {
    if (!one) poll_each(n, requests);
    return true;
  }
  if (some_quickly(n, requests, once, one) > 0) return true;
  for (;;) {
    const Tally tally = poll_each(n, requests);
    if (!once) note_rest(n, requests, called);
    if (tally.active == 0) return false;
    if (tally.complete > 0 || once) return true;
  }
}

// `flag`: null for a call that waits.
int any(int n, MPI_Request* requests, int* index, int* flag, MPI_Status* status, bool once,
        const Called& called) noexcept {
  const char* const name = called.name;
  const bool outputs = index != nullptr && (flag != nullptr || !once);
  if (const int rc = fault_of(n, requests, outputs); rc != MPI_SUCCESS) return raise_array(rc, name);
  crcp::begin_call(name);
  const bool active = find_complete(n, requests, once, true, called);
  crcp::mpi_thread().call = nullptr;
  *index = active ? first_complete(n, requests) : MPI_UNDEFINED;
  if (flag != nullptr) *flag = !active || *index != MPI_UNDEFINED ? 1 : 0;
  if (*index == MPI_UNDEFINED) {
    MPI_Status empty;
    empty_status(empty);
    if (!active) copy_status(status, empty);
    return MPI_SUCCESS;
  }
  return hand_over(&requests[*index], status, name);
}

int some(int n, MPI_Request* requests, int* count, int* indices, MPI_Status* statuses, bool once,
         const Called& called) noexcept {
  const char* const name = called.name;
  const bool outputs = count != nullptr && indices != nullptr;
  if (const int rc = fault_of(n, requests, outputs); rc != MPI_SUCCESS)
    return once && rc == MPI_ERR_ARG ? rc : raise_array(rc, name);  // Open MPI 4.1 tells nobody of MPI_Testsome's
  crcp::begin_call(name);
  const bool active = find_complete(n, requests, once, false, called);
  crcp::mpi_thread().call = nullptr;
  if (!active) {
    *count = MPI_UNDEFINED;
    return MPI_SUCCESS;
  }
  HandOver hand_over(requests, statuses);
  int found = 0;
  bool functions = false;  // of the application are to be called: not in a section
  {
    const crcp::Section section;
    for (int i = 0; i < n; ++i) {
      if (is_inactive(requests[i]) || requests[i]->state != State::complete) continue;
      if (is_generalized(*requests[i]))
        functions = true;
      else
        hand_over.give(i, found);
      indices[found++] = i;
    }
  }
  for (int k = 0; functions && k < found; ++k)
    if (is_generalized(*requests[indices[k]])) hand_over.give(indices[k], k);
  *count = found;
  return hand_over.end(n, name);
}

}  // namespace
}  // namespace cairn::p2p

using namespace cairn;
using namespace cairn::p2p;

CAIRN_MPI_EXPORT int PMPI_Waitall(int n, MPI_Request* requests, MPI_Status* statuses) {
  if (const int rc = fault_of(n, requests, true); rc != MPI_SUCCESS) return raise_array(rc, "MPI_Waitall");
  if (n == 0) return MPI_SUCCESS;
  crcp::begin_call("MPI_Waitall");
  if (all_quickly(n, requests, false) != Quick::done) {
    for (;;) {
      const Tally tally = poll_each(n, requests);
      if (tally.complete == tally.active) break;
      note_rest(n, requests, {"MPI_Waitall", CAIRN_CALL_FRAME});
    }
  }
  crcp::mpi_thread().call = nullptr;
  return hand_over_all(n, requests, statuses, "MPI_Waitall");
}
CAIRN_MPI_WEAK(MPI_Waitall);

CAIRN_MPI_EXPORT int PMPI_Testall(int n, MPI_Request* requests, int* flag, MPI_Status* statuses) {
  if (const int rc = fault_of(n, requests, flag != nullptr); rc != MPI_SUCCESS) return raise_array(rc, "MPI_Testall");
  *flag = 1;
  if (n == 0) return MPI_SUCCESS;
  const Quick quick = all_quickly(n, requests, true);
  if (quick == Quick::not_yet) *flag = 0;
  if (quick == Quick::slow) {
    const Tally tally = poll_each(n, requests);
    *flag = tally.complete == tally.active ? 1 : 0;
  }
  return *flag != 0 ? hand_over_all(n, requests, statuses, "MPI_Testall") : MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Testall);

CAIRN_MPI_EXPORT int PMPI_Waitany(int n, MPI_Request* requests, int* index, MPI_Status* status) {
  return any(n, requests, index, nullptr, status, false, {"MPI_Waitany", CAIRN_CALL_FRAME});
}
CAIRN_MPI_WEAK(MPI_Waitany);

CAIRN_MPI_EXPORT int PMPI_Testany(int n, MPI_Request* requests, int* index, int* flag, MPI_Status* status) {
  return any(n, requests, index, flag, status, true, {"MPI_Testany", CAIRN_CALL_FRAME});
}
CAIRN_MPI_WEAK(MPI_Testany);

CAIRN_MPI_EXPORT int PMPI_Waitsome(int n, MPI_Request* requests, int* count, int* indices, MPI_Status* statuses) {
  return some(n, requests, count, indices, statuses, false, {"MPI_Waitsome", CAIRN_CALL_FRAME});
}
CAIRN_MPI_WEAK(MPI_Waitsome);

CAIRN_MPI_EXPORT int PMPI_Testsome(int n, MPI_Request* requests, int* count, int* indices, MPI_Status* statuses) {
  return some(n, requests, count, indices, statuses, true, {"MPI_Testsome", CAIRN_CALL_FRAME});
}
CAIRN_MPI_WEAK(MPI_Testsome);
