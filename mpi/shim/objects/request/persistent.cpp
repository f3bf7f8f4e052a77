// SPDX-License-Identifier: Apache-2.0
// Persistent collectives after a restart.
#include <algorithm>
#include <vector>

#include "mpi/crcp/comm_state.hpp"
#include "mpi/p2p/persistent_collective.hpp"
#include "mpi/shim/generated/kinds.hpp"
#include "mpi/shim/kinds.hpp"
#include "mpi/shim/objects/communicator/comm.hpp"
#include "mpi/shim/objects/communicator/held.hpp"

namespace cairn::shim {

// All members of a communicator know whether such requests were made on it, or, if it is freed, whether all have some
// still. Whoever is a member of several goes by
// their identities, as communicators are made again.
int request_rebuild() {
  p2p::forget_real_persistent();
  std::vector<ompi_communicator_t*> comms;
  for (ompi_communicator_t* comm = first_comm(); comm != nullptr; comm = next_comm(comm))
    if (comm->crcp != nullptr && comm->crcp->persistent_made != 0) comms.push_back(comm);
  for (const HeldComm& held : held_by_anybody())
    if (held.starts()) comms.push_back(find_held(held.identity));
  std::sort(comms.begin(), comms.end(),
            [](const ompi_communicator_t* a, const ompi_communicator_t* b) { return a->identity < b->identity; });
  for (ompi_communicator_t* comm : comms)
    if (const int rc = p2p::make_persistent_again(*comm); rc != MPI_SUCCESS) return rc;
  return MPI_SUCCESS;
}

}  // namespace cairn::shim
