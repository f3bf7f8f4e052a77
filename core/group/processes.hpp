// SPDX-License-Identifier: Apache-2.0
// Which processes are saved together, as /proc tells it now. Ordinary code, any thread.
#pragma once

#include <sys/types.h>

#include <optional>
#include <vector>

#include "core/abi/checkpoint_scope.hpp"
#include "core/context/group_index.hpp"

namespace cairn::group {

// Ended ones have not been waited for.
struct TreeProcess {
  context::GroupProcess described;  // without its checksum
  int exit_signal = 0;
  bool stopped = false;  // by job control
};

// Nothing if it is gone. Waits a moment for one that is exiting to have a status.
std::optional<TreeProcess> look_at(pid_t pid);

// The leader and its descendants; then the others of the scope whose parents are in none of its trees (their parent is
// given as 0), each with its descendants. Parents before their children. Empty if the leader is gone.
std::vector<TreeProcess> processes_of(pid_t leader, Scope scope);

}  // namespace cairn::group
