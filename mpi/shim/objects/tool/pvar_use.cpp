// SPDX-License-Identifier: Apache-2.0
// Performance variables: what is done with handles.
#include "mpi/shim/objects/tool/tool.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim::tool {
namespace {

bool is_all(MPI_T_pvar_handle handle) noexcept { return handle == MPI_T_PVAR_ALL_HANDLES; }

// What the handle, or all of them, is to the library; `make(session, handle)` is a call with these. `idle` is the
// answer for a handle that the library does not have because nothing happens.
template <class Make>
int use(Tools& t, MPI_T_pvar_session session, MPI_T_pvar_handle handle, int idle, Make&& make) {
  const bool known = t.sessions.contains(session);
  if (is_all(handle))
    return known ? make(session->real, reinterpret_cast<RealPvar*>(handle)) : MPI_T_ERR_INVALID_SESSION;
  if (!t.pvar_handles.contains(handle)) return MPI_T_ERR_INVALID_HANDLE;
  if (handle->idle && handle->session != nullptr) return idle;
  return handle->real == nullptr ? MPI_T_ERR_INVALID_HANDLE : make(known ? session->real : nullptr, handle->real);
}

// As MPI_T_pvar_start and _stop have left them.
void note_started(Tools& t, MPI_T_pvar_session session, MPI_T_pvar_handle handle, bool started) {
  for (MPI_T_pvar_handle one : t.pvar_handles)
    if ((is_all(handle) ? one->session == session : one == handle) && !one->continuous) one->started = started;
}

int start_or_stop(MPI_T_pvar_session session, MPI_T_pvar_handle handle, bool start) {
  return call([&](Tools& t) {
    const int rc = use(t, session, handle, MPI_T_ERR_PVAR_NO_STARTSTOP, [&](RealSession* s, RealPvar* h) {
      return cross(start ? real.T_pvar_start : real.T_pvar_stop, s, h);
    });
    if (rc == MPI_SUCCESS || (is_all(handle) && rc == MPI_T_ERR_PVAR_NO_STARTSTOP))
      note_started(t, session, handle, start);
    return rc;
  });
}

// Counters of a window that the library does not have: all of them are long, and one value each. The library is looked
// up with the lock held, for which a thread may wait over a restart.
int read(MPI_T_pvar_session session, MPI_T_pvar_handle handle, void* buf,
         decltype(real.T_pvar_read) RealFunctions::*how) {
  return call([&](Tools& t) {
    const bool idle = t.pvar_handles.contains(handle) && handle->idle && handle->session == session;
    if (idle) *static_cast<unsigned long*>(buf) = 0;
    return use(t, session, handle, idle ? MPI_SUCCESS : MPI_T_ERR_INVALID_HANDLE,
               [&](RealSession* s, RealPvar* h) { return cross(real.*how, s, h, buf); });
  });
}

}  // namespace
}  // namespace cairn::shim::tool

using namespace cairn::shim;

int PMPI_T_pvar_start(MPI_T_pvar_session session, MPI_T_pvar_handle handle) {
  return tool::start_or_stop(session, handle, true);
}
CAIRN_MPI_WEAK(MPI_T_pvar_start);

int PMPI_T_pvar_stop(MPI_T_pvar_session session, MPI_T_pvar_handle handle) {
  return tool::start_or_stop(session, handle, false);
}
CAIRN_MPI_WEAK(MPI_T_pvar_stop);

int PMPI_T_pvar_read(MPI_T_pvar_session session, MPI_T_pvar_handle handle, void* buf) {
  return tool::read(session, handle, buf, &RealFunctions::T_pvar_read);
}
CAIRN_MPI_WEAK(MPI_T_pvar_read);

int PMPI_T_pvar_readreset(MPI_T_pvar_session session, MPI_T_pvar_handle handle, void* buf) {
  return tool::read(session, handle, buf, &RealFunctions::T_pvar_readreset);
}
CAIRN_MPI_WEAK(MPI_T_pvar_readreset);

int PMPI_T_pvar_reset(MPI_T_pvar_session session, MPI_T_pvar_handle handle) {
  return tool::call([&](tool::Tools& t) {
    return tool::use(t, session, handle, MPI_SUCCESS,
                     [](RealSession* s, RealPvar* h) { return cross(real.T_pvar_reset, s, h); });
  });
}
CAIRN_MPI_WEAK(MPI_T_pvar_reset);

int PMPI_T_pvar_write(MPI_T_pvar_session session, MPI_T_pvar_handle handle, const void* buf) {
  return tool::call([&](tool::Tools& t) {
    return tool::use(t, session, handle, MPI_T_ERR_PVAR_NO_WRITE,
                     [&](RealSession* s, RealPvar* h) { return cross(real.T_pvar_write, s, h, buf); });
  });
}
CAIRN_MPI_WEAK(MPI_T_pvar_write);
