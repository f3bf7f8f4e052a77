// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/revive/state/thread_state.hpp"

namespace cairn::revive {

// Name, CPUs, policy, timer slack of the thread `tid` of this process, as far as this machine and user allow: a
// machine with fewer CPUs or rights goes without.
void restore_scheduling(int tid, const state::ThreadState& thread);

}  // namespace cairn::revive
