// SPDX-License-Identifier: Apache-2.0
// Generalized requests: the application's functions are called by the real library, through these.
#include "mpi/p2p/request.hpp"
#include "mpi/shim/callback.hpp"
#include "mpi/shim/objects/request/active.hpp"
#include "mpi/shim/wrap.hpp"

using namespace cairn;
using namespace cairn::shim;

namespace {

struct Grequest {
  MPI_Grequest_query_function* query;
  MPI_Grequest_free_function* free;
  MPI_Grequest_cancel_function* cancel;
  void* extra;
  MPI_Request handle;
};

// libmpi_mpifh passes Fortran functions and clears a byte in the handle afterwards.
bool is_fortran(const Grequest* g) {
  return g->handle != nullptr && reinterpret_cast<const char*>(g->handle)[kGrequestIsC] == 0;
}

// The same function pointer, known to be a Fortran one.
template <class Fortran, class C>
Fortran* fortran(C* function) {
  return reinterpret_cast<Fortran*>(reinterpret_cast<void*>(function));
}

__attribute__((noinline)) int run_query(Grequest* g, MPI_Status* status) {
  if (!is_fortran(g)) return g->query(g->extra, status);
  MPI_Fint error = MPI_SUCCESS, copy[sizeof(MPI_Status) / sizeof(MPI_Fint)];
  PMPI_Status_c2f(status, copy);
  fortran<void(void*, MPI_Fint*, MPI_Fint*)>(g->query)(g->extra, copy, &error);
  PMPI_Status_f2c(copy, status);
  return error;
}

__attribute__((noinline)) int run_free(Grequest* g) {
  if (!is_fortran(g)) return g->free(g->extra);
  MPI_Fint error = MPI_SUCCESS;
  fortran<void(void*, MPI_Fint*)>(g->free)(g->extra, &error);
  return error;
}

__attribute__((noinline)) int run_cancel(Grequest* g, int complete) {
  if (!is_fortran(g)) return g->cancel(g->extra, complete);
  MPI_Fint error = MPI_SUCCESS, logical = complete;
  fortran<void(void*, MPI_Fint*, MPI_Fint*)>(g->cancel)(g->extra, &logical, &error);
  return error;
}

int on_query(void* extra, MPI_Status* status) {
  const GuestSide side;
  return side.ok() ? run_query(static_cast<Grequest*>(extra), status) : MPI_ERR_INTERN;
}

int on_free(void* extra) {
  const GuestSide side;
  return side.ok() ? run_free(static_cast<Grequest*>(extra)) : MPI_ERR_INTERN;
}

int on_cancel(void* extra, int complete) {
  const GuestSide side;
  return side.ok() ? run_cancel(static_cast<Grequest*>(extra), complete) : MPI_ERR_INTERN;
}

void done(void* data) noexcept {
  delete static_cast<Grequest*>(data);
  request_ends(p2p::RequestKind::generalized);
}

}  // namespace

int PMPI_Grequest_start(MPI_Grequest_query_function* query, MPI_Grequest_free_function* free,
                        MPI_Grequest_cancel_function* cancel, void* extra, MPI_Request* request) {
  if (request == nullptr) return raise(MPI_COMM_WORLD, MPI_ERR_ARG, "MPI_Grequest_start");
  return section_call(MPI_COMM_WORLD, "MPI_Grequest_start", [&] {
    auto* state = new Grequest{query, free, cancel, extra, nullptr};
    RealRequest* made = real_objects.request_null;
    const int rc = cross(real.Grequest_start, &on_query, &on_free, &on_cancel, static_cast<void*>(state), &made);
    if (rc == MPI_SUCCESS) {
      request_begins(p2p::RequestKind::generalized, "MPI_Grequest_start");
      *request = p2p::adopt_request(made, p2p::RequestKind::generalized, nullptr, {done, state});
      reinterpret_cast<char*>(*request)[kGrequestIsC] = 1;
      state->handle = *request;
    } else {
      delete state;
    }
    return rc;
  });
}
CAIRN_MPI_WEAK(MPI_Grequest_start);

int PMPI_Grequest_complete(MPI_Request request) {
  return section_call(MPI_COMM_WORLD, "MPI_Grequest_complete", [&] {
    const int rc = cross(real.Grequest_complete, to_real(request));
    p2p::reap_orphans();  // freed before: nobody will ask for it again
    return rc;
  });
}
CAIRN_MPI_WEAK(MPI_Grequest_complete);
