// SPDX-License-Identifier: Apache-2.0
// What the members of a group have in common (core/state/group_scope.hpp): open file descriptions, pipes, sockets,
// files and memory without a path; and who else has what must be theirs alone. Ordinary code; looks at /proc, while the
// members stand.
#pragma once

#include <sys/types.h>

#include <vector>

#include "core/state/group_scope.hpp"

namespace cairn::group {

// `members` in the order in which they save: parents first. Of what the leader was started with at 0, 1 and 2,
// terminals, pipes and sockets are left out: a restart has others there. Throws TemporaryError for what cannot be found
// out.
state::GroupSharing find_sharing(const std::vector<pid_t>& members, const state::StandardFiles& standard);

// Of what the leader was started with, what comes from outside of the group: no pipe that members both read and write,
// as between the programs of a pipeline, and no socket. The others are 0.
state::StandardFiles standard_from_outside(const std::vector<pid_t>& members, const state::StandardFiles& standard);

}  // namespace cairn::group
