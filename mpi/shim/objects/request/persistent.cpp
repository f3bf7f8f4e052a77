// SPDX-License-Identifier: Apache-2.0
// Persistent collectives after a restart, and those that keep the job from being checkpointed.
#include <algorithm>
#include <vector>

#include "mpi/crcp/comm_state.hpp"
#include "mpi/p2p/persistent_collective.hpp"
#include "mpi/shim/generated/kinds.hpp"
#include "mpi/shim/kinds.hpp"
#include "mpi/shim/objects/communicator/comm.hpp"

namespace cairn::shim {

// All members of a communicator know whether such requests were made on it, and whoever is a member of several goes by
// their identities, as communicators are made again.
int request_rebuild() {
  p2p::forget_real_persistent();
  std::vector<ompi_communicator_t*> comms;
  for (ompi_communicator_t* comm = first_comm(); comm != nullptr; comm = next_comm(comm))
    if (comm->crcp != nullptr && comm->crcp->persistent_made != 0) comms.push_back(comm);
  std::sort(comms.begin(), comms.end(),
            [](const ompi_communicator_t* a, const ompi_communicator_t* b) { return a->identity < b->identity; });
  for (ompi_communicator_t* comm : comms)
    if (const int rc = p2p::make_persistent_again(*comm); rc != MPI_SUCCESS) return rc;
  return MPI_SUCCESS;
}

std::size_t request_obstacle(char* text, std::size_t capacity) {
  const p2p::Request* const request = p2p::persistent_of_freed();
  if (request == nullptr) return 0;
  return describe_obstacle(text, capacity, "a persistent collective on a freed communicator", request->comm->name,
                           "MPI_Request_free frees it");
}

}  // namespace cairn::shim
