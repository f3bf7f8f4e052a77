// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/resume.hpp"

#include <cstdio>
#include <cstdlib>

#include "core/base/exit_codes.h"
#include "mpi/crcp/agent.hpp"
#include "mpi/crcp/door.hpp"
#include "mpi/crcp/group_door.hpp"
#include "mpi/p2p/drain.hpp"
#include "mpi/p2p/queue.hpp"
#include "mpi/shim/mpi_include.hpp"
#include "mpi/shim/rebuild.hpp"

namespace cairn::crcp {

namespace {

[[noreturn]] void give_up(const char* what, const char* why) noexcept {
  std::fprintf(stderr, "cairn: rank %d cannot go on from the snapshot: %s: %s\n", agent::rank(), what, why);
  std::_Exit(EXIT_FAILURE);  // mpirun ends the other ranks
}

void repost_or_give_up() noexcept {
  if (!p2p::repost_receives()) give_up("a receive could not be posted again", "the MPI library refused it");
}

}  // namespace

void resume_same_library() noexcept {
  add_owed();
  forget_tombstones();
  repost_or_give_up();
}

void resume_new_library() noexcept {
  char text[256] = "";
  gate_prepare();
  forget_admissions();
  agent::forget();
  if (shim::rebuild_all(text, sizeof text) != MPI_SUCCESS) give_up("its MPI objects could not be made again", text);
  if (p2p::make_private_self() != MPI_SUCCESS || make_group_channel_again() != MPI_SUCCESS)
    give_up("its MPI objects could not be made again", "the communicators of the checkpointer");
  forget_tombstones();
  repost_or_give_up();
  agent::start();
}

}  // namespace cairn::crcp
