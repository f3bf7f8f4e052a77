// SPDX-License-Identifier: Apache-2.0
// Waiting before a call on a socket, so that the call itself does not wait. No libc; any thread.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "core/base/raw_syscall.hpp"

namespace cairn::host {

// Until a blocking call would not wait, fails at once, or has waited as long as the socket's own limit lets it: then
// false.
inline bool wait_until_readable(int socket) noexcept {
  timeval limit{};
  socklen_t length = sizeof limit;
  const long error = raw_syscall(SYS_getsockopt, socket, SOL_SOCKET, SO_RCVTIMEO, address(&limit), address(&length));
  const bool limited = !is_error(error) && (limit.tv_sec != 0 || limit.tv_usec != 0);
  const timespec time{limit.tv_sec, limit.tv_usec * 1000};
  pollfd ready{socket, POLLIN, 0};
  return raw_syscall(SYS_ppoll, address(&ready), 1, limited ? address(&time) : 0, 0, 0) != 0;
}

}  // namespace cairn::host
