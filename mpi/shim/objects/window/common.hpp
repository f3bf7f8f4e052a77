// SPDX-License-Identifier: Apache-2.0
// Memory that several ranks of a window have mapped (MPI_Win_allocate_shared): the program may write to the part of
// another rank without any call of MPI. So the images of all ranks must be of one moment, and a restart has to bring
// the memory back before anybody goes on. With the lock held.
#pragma once

#include <atomic>

namespace cairn::shim {

bool window_has_common_memory() noexcept;
// Or is about to have some: a thread is in MPI_Win_allocate_shared, in which it may have to be let go on.
bool window_may_have_common_memory() noexcept;

// While it lives, its thread is in there.
class MakesCommonMemory {
 public:
  MakesCommonMemory() noexcept { at_work.fetch_add(1, std::memory_order_relaxed); }
  ~MakesCommonMemory() { at_work.fetch_sub(1, std::memory_order_relaxed); }
  MakesCommonMemory(const MakesCommonMemory&) = delete;
  MakesCommonMemory& operator=(const MakesCommonMemory&) = delete;
  static inline constinit std::atomic<int> at_work{0};
};

}  // namespace cairn::shim
