// SPDX-License-Identifier: Apache-2.0
// System V objects of the program (struct cairn_system_v). Any thread.
#pragma once

namespace cairn::guest {

// In the child of a fork: it has the objects, but nothing to undo.
void forget_semaphore_undo();

}  // namespace cairn::guest
