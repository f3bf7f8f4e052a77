// SPDX-License-Identifier: Apache-2.0
// The name of a process's control socket (control_protocol.hpp), as bind() and connect() want it, the name that
// cr_restart keeps bound while it brings a process of that number back, and the one by which mpirun can be reached when
// its runtime directory is gone (pmix/coordinator/tool_channel.hpp). Needs libc only; any thread.
//
// These names are those of a network namespace, in which several process namespaces may have the same numbers. So all
// but the first say in which the number counts: by its inode.
#pragma once

#include <stdio.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdint>

#include "core/abi/process_number.hpp"

namespace cairn {

// All of them begin with this, after a zero.
inline constexpr char control_names[] = "cairn/";

class ControlAddress {
 public:
  // `pid` as this process numbers it. One that does not exist is looked for in this process's namespace.
  explicit ControlAddress(pid_t pid) noexcept : ControlAddress(control_names, own_number_of(pid)) {}
  static ControlAddress of_restart(pid_t pid) noexcept { return of_restart(own_number_of(pid)); }
  static ControlAddress of_mpirun(pid_t pid) noexcept { return {"cairn/mpirun/", own_number_of(pid)}; }
  static ControlAddress of_restart(const ProcessNumber& number) noexcept { return {"cairn/restart/", number}; }
  const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&name_); }
  socklen_t length() const noexcept { return length_; }
  // Without the zero that it begins with.
  const char* name() const noexcept { return name_.sun_path + 1; }

 private:
  ControlAddress(const char* prefix, const ProcessNumber& number) noexcept {
    name_.sun_family = AF_UNIX;
    char* const text = name_.sun_path + 1;
    constexpr std::size_t kRoom = sizeof name_.sun_path - 1;
    const int length = number.space == kFirstProcessSpace
                           ? snprintf(text, kRoom, "%s%d", prefix, static_cast<int>(number.pid))
                           : snprintf(text, kRoom, "%s%llu/%d", prefix, static_cast<unsigned long long>(number.space),
                                      static_cast<int>(number.pid));
    length_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + static_cast<std::size_t>(length));
  }

  sockaddr_un name_{};
  socklen_t length_ = 0;
};

}  // namespace cairn
