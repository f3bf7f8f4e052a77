// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/participants.hpp"

#include "mpi/crcp/doors.hpp"
#include "mpi/crcp/objects.hpp"
#include "mpi/p2p/participant.hpp"

namespace cairn::crcp {

std::span<Participant* const> participants() noexcept {
  static Participant* const table[] = {
      &objects(),             // first: the others make communicators of their own from the rebuilt ones
      &doors(),               //
      &p2p::point_to_point()  //
  };
  return table;
}

void progress_all() noexcept {
  for (Participant* p : participants()) p->progress();
}

}  // namespace cairn::crcp
