// SPDX-License-Identifier: Apache-2.0
// The limits of a process after a restart. Ordinary code.
#pragma once

#include <string>
#include <vector>

#include "core/state/process/state.hpp"

namespace cairn::state {

// By number: as the kernel has them.
std::vector<Limit> limits_in_force();
// As the guest sees them. Not before its area is there.
std::vector<Limit> limits_of_guest();
// Sets them as they were, or as near as this user can come, but for those that were inherited (kInheritedLimit): they
// are the new process's. What is lower then is said in `notes`, a line for each.
void restore_limits(const ProcessState& process, std::uint32_t inherited, std::vector<std::string>& notes);

}  // namespace cairn::state
