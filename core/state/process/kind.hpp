// SPDX-License-Identifier: Apache-2.0
// What the kernel holds for the process as a whole: the functions of its row.
#pragma once

#include <vector>

#include "core/context/format.h"
#include "core/state/image.hpp"
#include "core/state/kind.hpp"
#include "core/state/process/state.hpp"

namespace cairn::state {

// While there is one that says so, children are no obstacle: whoever leads the group looks after them. On the thread
// that takes the checkpoint.
class ChildrenAllowed {
 public:
  ChildrenAllowed() noexcept;
  ~ChildrenAllowed();
  ChildrenAllowed(const ChildrenAllowed&) = delete;
  ChildrenAllowed& operator=(const ChildrenAllowed&) = delete;
};

// Of any of this process's threads; also ended ones that nobody has waited for.
bool has_children();

// Whether this process has children, or has waited for one since this was made.
class ChildrenSince {
 public:
  ChildrenSince() noexcept;
  bool any() const;

 private:
  long faults_;  // of those it has waited for: none comes to its end without
};

// Children, tracers, filters and the like.
void process_obstacle(const cairn_guest& guest);
std::vector<std::uint8_t> capture_process(Capture& capture);
std::unique_ptr<Reviver> prepare_process(Restart& restart);

}  // namespace cairn::state
