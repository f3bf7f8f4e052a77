// SPDX-License-Identifier: Apache-2.0
// What the kernel tells of a socket (unix_diag, inet_diag, by netlink). Ordinary code.
#pragma once

#include <cstdint>
#include <optional>

#include "core/state/descriptors/socket_address.hpp"

namespace cairn::state {

struct UnixSocket {
  bool connected = false;  // it is or was
  std::uint64_t peer = 0;  // inode; 0: the other end has been closed
  std::uint32_t shut = 0;  // 1 for reading, 2 for writing
  bool listens = false;
  std::uint32_t waiting = 0, backlog = 0;  // of one that listens: connections to be accepted
  std::uint32_t file_inode = 0;            // of one with a path: the lower half
};

// Nothing if the kernel does not tell.
std::optional<UnixSocket> diagnose_unix_socket(std::uint64_t inode);

struct TcpSocket {
  int state = 0;                         // TCP_ESTABLISHED ...
  std::uint64_t inode = 0;               // 0: nobody has it open, any more or yet
  std::uint32_t unread = 0, unsent = 0;  // bytes; what has been sent counts until it has been acknowledged
  std::uint32_t shut = 0;                // 1 for reading, 2 for writing
};

// One that is connected. Nothing if there is none, in this network namespace, or the kernel does not tell.
std::optional<TcpSocket> diagnose_tcp_socket(const SocketAddress& local, const SocketAddress& remote);

}  // namespace cairn::state
