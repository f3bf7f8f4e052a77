// SPDX-License-Identifier: Apache-2.0
// Calls from the real library into the guest. A callback arrives with the host's thread pointer on the stack of a guest
// thread; GuestSide switches to that thread's own for its lifetime. Frozen-world rules until it is constructed and
// after it is destroyed: no thread-local storage, no stack protector, no libc.
#pragma once

#include <cstdint>

#include "core/abi/crossing.h"
#include "core/abi/host_table.h"

namespace cairn::shim {

class GuestSide {
 public:
  __attribute__((always_inline)) GuestSide() noexcept : host_(cairn_read_fs()) {
    std::uint64_t guest;
    __builtin_memcpy(
        &guest, reinterpret_cast<const void*>(host_ + static_cast<std::uint64_t>(CAIRN_TABLE->host_guest_fs_offset)),
        8);
    // 0: a thread of the host's own called; the guest has none to run this on.
    ok_ = guest != 0;
    if (ok_) cairn_write_fs(guest);
  }
  __attribute__((always_inline)) ~GuestSide() {
    if (ok_) cairn_write_fs(host_);
  }
  GuestSide(const GuestSide&) = delete;
  GuestSide& operator=(const GuestSide&) = delete;
  bool ok() const noexcept { return ok_; }

 private:
  std::uint64_t host_;
  bool ok_;
};

}  // namespace cairn::shim
