// SPDX-License-Identifier: Apache-2.0
// What is noted since nobody can ask the kernel for it (CAIRN_UNTOLD_...) and ends without a call of the program. Any
// thread.
#pragma once

namespace cairn::guest {

// The calling thread ends: its system calls are dispatched no more.
void dispatch_ends();

}  // namespace cairn::guest
