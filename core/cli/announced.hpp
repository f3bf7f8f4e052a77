// SPDX-License-Identifier: Apache-2.0
// While the result is open, who asks for a checkpoint of the process of this address (ControlAddress::of_restart()) is
// told that it is being restarted (core/abi/beginning.hpp). Ordinary code.
#pragma once

#include <sys/socket.h>

#include "core/abi/control_address.hpp"
#include "core/base/unique_fd.hpp"

namespace cairn::cli {

inline UniqueFd announced(const ControlAddress& address) {
  UniqueFd name(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (name) static_cast<void>(bind(name.get(), address.get(), address.length()));
  return name;
}

}  // namespace cairn::cli
