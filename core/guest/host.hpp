// SPDX-License-Identifier: Apache-2.0
// The guest's view of its host.
#pragma once

#include "core/abi/crossing.h"
#include "core/abi/host_table.h"

namespace cairn::guest {

// True if this process has a host. Finds out at its first call, which may come before any constructor of ours
// has run; afterwards a load. Usable with either thread pointer.
bool hosted();

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
