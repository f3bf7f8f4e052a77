// SPDX-License-Identifier: Apache-2.0
// What the kernel is told of the guest's memory: heap, stack, arguments. Zero keeps what the kernel has.
#pragma once

#include <cstdint>

namespace cairn::host {

struct GuestMemoryMap {
  std::uint64_t brk_start = 0, brk_current = 0;
  std::uint64_t stack = 0;
  std::uint64_t arg_start = 0, arg_end = 0;  // what /proc/PID/cmdline shows
  std::uint64_t env_start = 0, env_end = 0;
};

// PR_SET_MM_MAP. False with errno where the kernel refuses (CONFIG_CHECKPOINT_RESTORE off).
bool set_memory_map(const GuestMemoryMap& map) noexcept;

}  // namespace cairn::host
