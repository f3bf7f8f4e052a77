// SPDX-License-Identifier: Apache-2.0
// /proc/self/exe names the host; the guest means its own program by it. Signal-safe and vfork-safe; no TLS.
#pragma once

#include <limits.h>
#include <string.h>

#include <cstddef>

#include "core/base/raw_syscall.hpp"
#include "core/guest/host.hpp"

namespace cairn::guest {

// "/proc/self/exe", "/proc/thread-self/exe", "/proc/<own pid>/exe"
inline bool is_own_exe(const char* path) {
  if (path == nullptr || strncmp(path, "/proc/", 6) != 0 || !hosted()) return false;
  const char* who = path + 6;
  const char* slash = strchr(who, '/');
  if (slash == nullptr || strcmp(slash, "/exe") != 0) return false;
  const auto length = static_cast<std::size_t>(slash - who);
  if ((length == 4 && memcmp(who, "self", 4) == 0) || (length == 11 && memcmp(who, "thread-self", 11) == 0))
    return true;
  long pid = 0;
  for (std::size_t i = 0; i < length; ++i) {
    if (who[i] < '0' || who[i] > '9' || pid > INT_MAX) return false;
    pid = pid * 10 + (who[i] - '0');
  }
  return length > 0 && pid == own_pid();
}

// What the guest means by `path` in a call that follows symbolic links, or not.
inline const char* meant_by(const char* path, bool follows = true) {
  return follows && is_own_exe(path) ? table().guest_exe : path;
}

}  // namespace cairn::guest
