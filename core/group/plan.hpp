// SPDX-License-Identifier: Apache-2.0
// How the processes of a group are made again, so that each has the parent, the session and the process group that it
// had. Asked at the checkpoint, so that what cannot be made is refused then, and by the restart. Ordinary code, any
// thread.
//
// Sessions are inherited through fork and only made by setsid(): a child is forked before its parent makes a session of
// its own, or after. Process groups are joined when all processes are there.
// One whose leader is not of the index is made by a process that takes its number until all have joined.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/context/group_index.hpp"

namespace cairn::group {

struct PlannedProcess {
  std::vector<std::size_t> first, then;  // children, by their place in the index: before the session is made, and after
  bool makes_session = false;
  bool makes_group = false;      // and no session; when it has its children
  std::int32_t joins_group = 0;  // the number, as saved, of one that another process leads or makes; 0: stays
  bool makes_leader = false;     // of the group that it joins, whose own has ended: a process that ends again
  bool beside = false;           // a child of whoever starts the first: its parent has not been saved
};

// By place in the index. The first process is in the session and group that it is started in. Throws PermanentError.
std::vector<PlannedProcess> plan_restart(const context::GroupIndex& index);

}  // namespace cairn::group
