// SPDX-License-Identifier: Apache-2.0
// What waits in a Unix socket to be received: looked at without taking it, and sent again. Ordinary code.
#pragma once

#include <cstdint>
#include <vector>

#include "core/state/descriptors/socket_address.hpp"

namespace cairn::state {

// One piece is a message; of a stream there is one at most.
using SocketContent = std::vector<std::vector<std::uint8_t>>;

// `senders`: gets the address of each piece's sender, if it is not null. `type` as SO_TYPE; `ended`: no more can come,
// and receiving would give an end. Throws TemporaryError: text begins with what is wrong ("has ...").
SocketContent look_into_socket(int fd, int type, bool ended, std::vector<SocketAddress>* senders = nullptr);
// To the other end of `fd`. False with errno if there is no room.
bool send_again(int fd, const SocketContent& content);

}  // namespace cairn::state
