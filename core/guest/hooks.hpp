// SPDX-License-Identifier: Apache-2.0
// cr_register_hook() and cr_hold_ctrl(): what a thread does when it goes on after a checkpoint. Frozen-world code.
#pragma once

namespace cairn::guest {

enum class HookedThread { kSignalContext = 0, kCallbackThread = 1, kNoCallbacks = 2 };

// `result` as cr_checkpoint() returns it; failures have no hooks.
void run_hook(int result, HookedThread kind);

// Where cr_hold_ctrl() asked for it: waits until the thread-context callbacks of this checkpoint are through.
void hold_if_asked(int result);

}  // namespace cairn::guest
