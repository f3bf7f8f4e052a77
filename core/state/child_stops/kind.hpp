// SPDX-License-Identifier: Apache-2.0
// Stops of children that the program has been told of, and is not to be told of again.
#pragma once

namespace cairn::state {

// After a checkpoint, for which they were woken: waits until they have been stopped again. The guest stands.
void take_stops_again() noexcept;

}  // namespace cairn::state
