// SPDX-License-Identifier: Apache-2.0
// A hosted process that has been stopped by a signal, seen from another one. Ordinary code; any thread.
#pragma once

#include <sys/types.h>

namespace cairn {

// Wakes it for a checkpoint, since its host sleeps with it, or a copy that fork made is to come to one. Its program
// stays where it is: until it stands for the checkpoint, or for CAIRN_HOLD_MILLISECONDS at most. Threads that are in
// the host go on, and all with a libcr that does not know this.
void wake_for_checkpoint(pid_t pid) noexcept;

}  // namespace cairn
