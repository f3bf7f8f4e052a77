// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/state/threads/state.hpp"

namespace cairn::state {

// Name, CPUs, policy of the thread `tid` of this process, as far as this machine and user allow: a
// machine with fewer CPUs or rights goes without.
void restore_scheduling(int tid, const ThreadState& thread);

}  // namespace cairn::state
