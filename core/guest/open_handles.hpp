// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace cairn::guest {

// The child of a fork has one thread: none of the others uses a handle.
void reset_requests();  // of checkpoints
void reset_restarts();

}  // namespace cairn::guest
