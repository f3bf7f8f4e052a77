// SPDX-License-Identifier: Apache-2.0
// A TCP connection of which this machine has both ends: what is under way in it, looked at without being taken, and
// the same again. Ordinary code; nobody else uses the connection meanwhile.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/base/unique_fd.hpp"
#include "core/state/descriptors/socket_address.hpp"
#include "core/state/descriptors/socket_options.hpp"

namespace cairn::state {

// All that has been sent to `fd` and not received, once all of it has arrived. The receiver's buffer may be larger
// afterwards. Throws TemporaryError, whose text begins with what is wrong ("has ...").
std::vector<std::uint8_t> look_into_connection(int fd, const SocketAddress& local, const SocketAddress& remote);
// The same of what has arrived, whoever has the other end.
std::vector<std::uint8_t> look_at_arrived(int fd);

// To the other end `to` of `from`. False with errno.
bool send_again(int from, int to, const std::vector<std::uint8_t>& bytes);

// Seconds until what is left of connections that a program closed gives its address back, if it had not set
// SO_REUSEADDR.
inline constexpr double kLeftOver = 65;
// Is there such a thing at the address's port?
bool is_only_left_over(const SocketAddress& address);

struct ConnectionEnd {
  int family = 0;
  SocketAddress local, remote;  // port 0: any
  const SocketOptions* options = nullptr;
};
// Two ends that are connected with each other. Waits a while for addresses that are in use. Throws EnvironmentError.
std::array<UniqueFd, 2> make_connection(const std::array<ConnectionEnd, 2>& ends);
// Any two, for an end that is to have this family: 0 is of it.
std::array<UniqueFd, 2> make_any_connection(int family);

}  // namespace cairn::state
