// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/resume.hpp"

#include <cstdio>
#include <cstdlib>

#include "core/base/exit_codes.h"
#include "mpi/crcp/agent.hpp"
#include "mpi/crcp/gate.hpp"
#include "mpi/crcp/participants.hpp"

namespace cairn::crcp {

void resume_all(Outcome outcome) noexcept {
  if (outcome == Outcome::new_library) {
    gate_prepare();
    agent::forget();
  }
  for (Participant* p : participants()) {
    const std::string failure = p->resume(outcome);
    if (failure.empty()) continue;
    std::fprintf(stderr, "cairn: rank %d cannot go on from the snapshot: %s\n", agent::rank(), failure.c_str());
    std::_Exit(EXIT_FAILURE);  // mpirun ends the other ranks
  }
  if (outcome == Outcome::new_library) agent::start();
}

}  // namespace cairn::crcp
