// SPDX-License-Identifier: Apache-2.0
// The name of a process's control socket (control_protocol.hpp), as bind() and connect() want it, and the name that
// cr_restart keeps bound while it brings a process of that number back. Needs libc only.
#pragma once

#include <stdio.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include <cstddef>

namespace cairn {

class ControlAddress {
 public:
  explicit ControlAddress(pid_t pid) noexcept : ControlAddress("cairn/", pid) {}
  static ControlAddress of_restart(pid_t pid) noexcept { return {"cairn/restart/", pid}; }
  const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&name_); }
  socklen_t length() const noexcept { return length_; }

 private:
  ControlAddress(const char* prefix, pid_t pid) noexcept {
    name_.sun_family = AF_UNIX;
    const int length = snprintf(name_.sun_path + 1, sizeof name_.sun_path - 1, "%s%d", prefix, static_cast<int>(pid));
    length_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + static_cast<std::size_t>(length));
  }

  sockaddr_un name_{};
  socklen_t length_ = 0;
};

}  // namespace cairn
