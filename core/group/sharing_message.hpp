// SPDX-License-Identifier: Apache-2.0
// What the members have in common, as their leader tells them: in memory whose descriptor goes with the order to save.
// Ordinary code.
#pragma once

#include "core/base/unique_fd.hpp"
#include "core/state/group_scope.hpp"

namespace cairn::group {

// Throws EnvironmentError.
UniqueFd write_sharing(state::GroupSharing sharing);
// Throws EnvironmentError, and PermanentError for what makes no sense.
state::GroupSharing read_sharing(int fd);

}  // namespace cairn::group
