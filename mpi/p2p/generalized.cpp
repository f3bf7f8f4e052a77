// SPDX-License-Identifier: Apache-2.0
#include "mpi/p2p/generalized.hpp"

#include <atomic>
#include <new>

#include "mpi/shim/wrap.hpp"

namespace cairn::p2p {

namespace {

enum class Progress : std::uint8_t { pending, complete, freed };

struct Operation {
  MPI_Grequest_query_function* query;
  MPI_Grequest_free_function* free;
  MPI_Grequest_cancel_function* cancel;
  void* extra;
  // Completed by any thread at any time, with no lock: others poll it.
  std::atomic<Progress> progress{Progress::pending};
};

Operation& operation(const Request& r) noexcept { return *static_cast<Operation*>(r.owner.data); }

bool is_over(const Request& r) noexcept {
  return operation(r).progress.load(std::memory_order_acquire) == Progress::complete;
}

// libmpi_mpifh passes Fortran functions and clears a byte in the handle afterwards.
char& is_c(Request& r) noexcept { return reinterpret_cast<char*>(&r)[shim::kGrequestIsC]; }

// The same function pointer, known to be a Fortran one.
template <class Fortran, class C>
Fortran* fortran(C* function) noexcept {
  return reinterpret_cast<Fortran*>(reinterpret_cast<void*>(function));
}

int call_query(Request& r) noexcept {
  const Operation& o = operation(r);
  if (o.query == nullptr) return MPI_SUCCESS;
  if (is_c(r) != 0) return o.query(o.extra, &r.status);
  MPI_Fint error = MPI_SUCCESS, copy[sizeof(MPI_Status) / sizeof(MPI_Fint)];
  PMPI_Status_c2f(&r.status, copy);
  fortran<void(void*, MPI_Fint*, MPI_Fint*)>(o.query)(o.extra, copy, &error);
  PMPI_Status_f2c(copy, &r.status);
  return error;
}

// What it answers is told to nobody, as with the real library.
void call_free(Request& r) noexcept {
  const Operation& o = operation(r);
  if (o.free == nullptr) return;
  MPI_Fint error = MPI_SUCCESS;
  if (is_c(r) != 0)
    o.free(o.extra);
  else
    fortran<void(void*, MPI_Fint*)>(o.free)(o.extra, &error);
}

int call_cancel(Request& r, bool complete) noexcept {
  const Operation& o = operation(r);
  if (o.cancel == nullptr) return MPI_SUCCESS;
  MPI_Fint error = MPI_SUCCESS, logical = complete;
  if (is_c(r) != 0) return o.cancel(o.extra, logical);
  fortran<void(void*, MPI_Fint*, MPI_Fint*)>(o.cancel)(o.extra, &logical, &error);
  return error;
}

void drop(Request& r) noexcept {
  call_free(r);
  delete &operation(r);
  request_free(&r);
}

}  // namespace

bool generalized_look(Request& r) noexcept {
  if (!is_over(r)) return false;
  r.state = State::complete;
  return true;
}

void generalized_ask(Request& r) noexcept {
  if (const int rc = call_query(r); rc != MPI_SUCCESS) r.status.MPI_ERROR = rc;
  r.error = r.status.MPI_ERROR;
}

int generalized_cancel(Request& r) noexcept { return call_cancel(r, is_over(r)); }

void generalized_release(Request& r) noexcept {
  Progress pending = Progress::pending;
  if (!operation(r).progress.compare_exchange_strong(pending, Progress::freed)) drop(r);
}

}  // namespace cairn::p2p

using namespace cairn;
using namespace cairn::p2p;

CAIRN_MPI_EXPORT int PMPI_Grequest_start(MPI_Grequest_query_function* query, MPI_Grequest_free_function* free,
                                         MPI_Grequest_cancel_function* cancel, void* extra, MPI_Request* request) {
  // Before MPI_Init and after MPI_Finalize the real library ends the program and says why.
  if (!shim::usable(MPI_COMM_WORLD)) return shim::cross(shim::real.Grequest_start, query, free, cancel, extra, nullptr);
  if (request == nullptr) return shim::raise(MPI_COMM_WORLD, MPI_ERR_REQUEST, "MPI_Grequest_start");
  Request* r = request_new(What::generalized);
  r->owner.data = new Operation{query, free, cancel, extra};
  is_c(*r) = 1;
  empty_status(r->status);
  r->state = State::pending;
  *request = r;
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Grequest_start);

// No section and no lock: a thread that has nothing else to do with MPI may call it.
CAIRN_MPI_EXPORT int PMPI_Grequest_complete(MPI_Request request) {
  Progress pending = Progress::pending;
  const bool valid = !is_null(request) && request->live && is_generalized(*request);
  if (valid && operation(*request).progress.compare_exchange_strong(pending, Progress::complete)) return MPI_SUCCESS;
  if (!valid || pending == Progress::complete)
    return shim::raise(MPI_COMM_WORLD, MPI_ERR_REQUEST, "MPI_Grequest_complete");
  drop(*request);
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Grequest_complete);
