// SPDX-License-Identifier: Apache-2.0
// The common shape of a call that is collective over a communicator and makes another one. Internal to mpi/shim.
#pragma once

#include "mpi/shim/made.hpp"
#include "mpi/shim/objects/communicator/comm.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {

// Door, real call, handle, errors. `call(RealComm** made)` gives the real function's code; `made` is null if the caller
// gave no place for the handle. `origin` need not name the parent. `Awaits` is crcp::AwaitsOutsiders if the call waits
// for others than the parent's members.
struct AwaitsMembers {
  explicit AwaitsMembers(const char* /*name*/) noexcept {}
};
template <class Awaits = AwaitsMembers, class Call>
int comm_create(MPI_Comm parent, MPI_Comm* out, Origin origin, const char* name, Call&& call) {
  int rc;
  {
    const Awaits awaits(name);
    CollectiveScope scope(parent, name);
    Made made(out);
    origin.parent = usable(parent) ? parent : nullptr;
    rc = made.settle(call(made.place()), [&](RealComm* comm) { return comm_adopt(comm, origin); });
  }
  if (__builtin_expect(rc == MPI_SUCCESS, 1)) return rc;
  return raise(rc == MPI_ERR_COMM ? MPI_COMM_WORLD : parent, rc, name);
}

// A duplicate for the shim itself, with neither attributes nor hints. Collective, with doors.
int comm_duplicate(MPI_Comm parent, MPI_Comm* out, const char* name);
// Frees the real communicator and the handle: behind the last door of the communicator.
int comm_free_inside(MPI_Comm comm);

}  // namespace cairn::shim
