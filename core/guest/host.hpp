// SPDX-License-Identifier: Apache-2.0
// The guest's view of its host.
#pragma once

#include "core/abi/crossing.h"
#include "core/abi/host_table.h"

namespace cairn::guest {

// True if this process has a host. Finds out at its first call, which may come before any constructor of ours
// has run; afterwards a load. Usable with either thread pointer.
bool hosted();

// How often this program has come out of a file; that of a fork's child when it was made, too. Nothing else counts: the
// guest's generation also grows when such a copy comes to a host of its own.
uint32_t times_restarted();

inline cairn_table& table() { return *CAIRN_TABLE; }

// True if the thread pointer is the host's: the thread is inside the host. Only in hosted processes.
inline bool inside_host() { return cairn_read_fs() >= CAIRN_ARENA_TOP; }

// True also in a light crossing: the thread cannot be stopped. Only in hosted processes.
inline bool within_crossing() { return inside_host() || cairn_light.depth != 0; }

// True for a descriptor the guest must not see. False in processes without host.
bool is_host_descriptor(int fd);

// The child of a fork has one thread and nothing pending.
void reset_after_fork();

}  // namespace cairn::guest
