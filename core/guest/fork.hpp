// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace cairn::guest {

// Registers libcr with libc's fork(). As early as possible: the last to prepare, the first to go on.
void install_fork_handlers();

}  // namespace cairn::guest
