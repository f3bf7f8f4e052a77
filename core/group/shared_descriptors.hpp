// SPDX-License-Identifier: Apache-2.0
// What two processes that are saved together have open in common: one open file description, of which a restart would
// make two. Ordinary code; looks at /proc, while the processes stand.
#pragma once

#include <sys/types.h>

#include <array>
#include <vector>

#include "core/abi/control_protocol.hpp"

namespace cairn::group {

// Throws TemporaryError that names the first; nothing is said of what the leader was started with at 0, 1 and 2
// (`standard`), and of devices without a state.
void refuse_shared_descriptors(const std::vector<pid_t>& processes, const std::array<cairn_control_file, 3>& standard);

}  // namespace cairn::group
