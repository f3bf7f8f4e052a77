// SPDX-License-Identifier: Apache-2.0
// MPI_Wtime around a cut. Ordinary code, any thread.
#pragma once

namespace cairn::shim {

// The callback of a checkpoint calls it right before the cut and right after it: so the time since the program looked
// at the clock for the last time counts, and that between a checkpoint and its restart does not. Does nothing as long
// as the program has never looked: its first call is 0.
void look_at_clock() noexcept;

}  // namespace cairn::shim
