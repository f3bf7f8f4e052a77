// SPDX-License-Identifier: Apache-2.0
// Calls from the real library into the guest. A callback arrives with the host's thread pointer on the stack of a guest
// thread; GuestSide switches to that thread's own for its lifetime. In a light crossing it is there already, or
// something that stands in for it (core/abi/crossing.h). Frozen-world rules until it is constructed and after it is
// destroyed: no thread-local storage, no stack protector, no libc.
#pragma once

#include <cstdint>

#include "core/abi/crossing.h"
#include "core/abi/host_table.h"

namespace cairn::shim {

class GuestSide {
 public:
  __attribute__((always_inline)) GuestSide() noexcept {
    const std::uint64_t shown = cairn_own_fs();
    std::uint64_t guest = shown;
    if (shown >= CAIRN_ARENA_TOP) {
      back_ = shown;
      __builtin_memcpy(
          &guest, reinterpret_cast<const void*>(shown + static_cast<std::uint64_t>(CAIRN_TABLE->host_guest_fs_offset)),
          8);
    } else if (CAIRN_TABLE->crossing == CAIRN_CROSSING_CHECK) {
      back_ = cairn_read_fs();
    }
    // 0: a thread of the host's own called; the guest has none to run this on.
    ok_ = guest != 0;
    if (ok_ && back_ != 0) cairn_write_fs(guest);
  }
  __attribute__((always_inline)) ~GuestSide() {
    if (ok_ && back_ != 0) cairn_write_fs(back_);
  }
  GuestSide(const GuestSide&) = delete;
  GuestSide& operator=(const GuestSide&) = delete;
  bool ok() const noexcept { return ok_; }

 private:
  std::uint64_t back_ = 0;  // 0: the guest's thread pointer was there
  bool ok_;
};

}  // namespace cairn::shim
