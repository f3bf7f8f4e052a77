// SPDX-License-Identifier: Apache-2.0
// This process's agent (pmix/agent/agent.hpp) and its C interface for crcp (mpi/abi/agent.h).
#pragma once

#include "mpi/abi/agent.h"

namespace cairn::mpi {

// Joins the log of requests. Needs an initialised MPI; a second call does nothing. `guest_is_ready`: requests may be
// served from now on. Returns 0 or -errno.
int start_agent(bool guest_is_ready);
// Of the request that is being served: the ranks have memory in common.
// To the coordinator: how the guest calls MPI (core/host/crossing.hpp). Any host thread.
void tell_crossing();
void stand_together(bool wanted);

cairn_agent* agent_service();

}  // namespace cairn::mpi
