// SPDX-License-Identifier: Apache-2.0
// Memory of windows that others may write to while its rank stands. Where several ranks have it mapped
// (MPI_Win_allocate_shared) the program does so without any call of MPI: a restart has to bring it back before anybody
// goes on. In a window between nodes it may be the network. So the images of all ranks must be of one moment. With the
// lock held.
#pragma once

#include <atomic>

namespace cairn::shim {

bool window_has_exposed_memory() noexcept;
// Or is about to have some: a thread makes a window, in which it may have to be let go on.
bool window_may_have_exposed_memory() noexcept;

// While it lives, its thread is in there.
class MakesExposedMemory {
 public:
  MakesExposedMemory() noexcept { at_work.fetch_add(1, std::memory_order_relaxed); }
  ~MakesExposedMemory() { at_work.fetch_sub(1, std::memory_order_relaxed); }
  MakesExposedMemory(const MakesExposedMemory&) = delete;
  MakesExposedMemory& operator=(const MakesExposedMemory&) = delete;
  static inline constinit std::atomic<int> at_work{0};
};

}  // namespace cairn::shim
