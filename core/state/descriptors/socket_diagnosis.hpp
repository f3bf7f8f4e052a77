// SPDX-License-Identifier: Apache-2.0
// What the kernel tells of a Unix socket (unix_diag, by netlink). Ordinary code.
#pragma once

#include <cstdint>
#include <optional>

namespace cairn::state {

struct UnixSocket {
  bool connected = false;  // it is or was
  std::uint64_t peer = 0;  // inode; 0: the other end has been closed
  std::uint32_t shut = 0;  // 1 for reading, 2 for writing
};

// Nothing if the kernel does not tell.
std::optional<UnixSocket> diagnose_unix_socket(std::uint64_t inode);

}  // namespace cairn::state
