// SPDX-License-Identifier: Apache-2.0
// The calling thread's capability sets as the kernel wants them, in halves of 32. No libc: usable with either thread
// pointer and in signal handlers. Source: capget(2).
#pragma once

#include <linux/capability.h>

#include <cstdint>

#include "core/base/raw_syscall.hpp"

namespace cairn {

class CapabilitySets {
 public:
  // All empty.
  CapabilitySets() noexcept = default;
  // False if the kernel does not tell.
  bool read() noexcept { return !is_error(raw_syscall(SYS_capget, address(&header_), address(halves_))); }
  bool put_in_force() noexcept { return !is_error(raw_syscall(SYS_capset, address(&header_), address(halves_))); }

  void add_inheritable(std::uint64_t capabilities) noexcept {
    for (int i = 0; i < 2; ++i) halves_[i].inheritable |= half(capabilities, i);
  }
  void remove(std::uint64_t capabilities) noexcept {
    for (int i = 0; i < 2; ++i) {
      halves_[i].effective &= ~half(capabilities, i);
      halves_[i].permitted &= ~half(capabilities, i);
      halves_[i].inheritable &= ~half(capabilities, i);
    }
  }

 private:
  static std::uint32_t half(std::uint64_t capabilities, int i) noexcept {
    return static_cast<std::uint32_t>(capabilities >> (32 * i));
  }

  __user_cap_header_struct header_{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct halves_[_LINUX_CAPABILITY_U32S_3]{};
};

}  // namespace cairn
