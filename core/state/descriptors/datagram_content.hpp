// SPDX-License-Identifier: Apache-2.0
// What waits in a socket of datagrams to be received, with where each came from. Ordinary code.
#pragma once

#include <cstdint>
#include <vector>

#include "core/state/descriptors/socket_address.hpp"

namespace cairn::state {

struct Datagram {
  SocketAddress from;  // empty: from nowhere that can be named
  std::vector<std::uint8_t> bytes;
  template <class Archive>
  void fields(Archive& a) {
    a(from, bytes);
  }
};

// Takes nothing. Throws TemporaryError: text begins with what is wrong ("has ...").
std::vector<Datagram> look_into_datagrams(int fd);

}  // namespace cairn::state
