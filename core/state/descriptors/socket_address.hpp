// SPDX-License-Identifier: Apache-2.0
// The address of a socket, as the kernel has it. A value; may come from a hostile file.
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace cairn::state {

class SocketAddress {
 public:
  SocketAddress() = default;
  // Empty if there is none.
  static SocketAddress local_of(int fd) { return ask(fd, getsockname); }
  static SocketAddress peer_of(int fd) { return ask(fd, getpeername); }
  SocketAddress(const void* address, std::size_t size);

  bool empty() const { return bytes_.empty(); }
  int family() const { return empty() ? AF_UNSPEC : static_cast<int>(as<sockaddr>().sa_family); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(bytes_.data()); }
  socklen_t size() const { return static_cast<socklen_t>(bytes_.size()); }
  // What is missing is zero.
  template <class Address>
  Address as() const {
    Address address{};
    std::memcpy(&address, bytes_.data(), std::min(sizeof address, bytes_.size()));
    return address;
  }
  // IPv4 and IPv6: host order; 0 for others.
  std::uint16_t port() const;
  SocketAddress with_port(std::uint16_t port) const;
  // Of IPv4 in the clothes of IPv6: that of IPv4. Others are as they are.
  SocketAddress unmapped() const;
  SocketAddress mapped() const;  // and the other way round
  bool is_any() const;           // IPv4 and IPv6: 0.0.0.0, ::
  bool is_loopback() const;      // IPv4 and IPv6
  // Unix: of one in the file system, as it was bound; and of any that has a name ("@x" if it is abstract).
  std::string path() const;
  std::string unix_name() const;
  // "127.0.0.1 port 80"
  std::string text() const;
  // Is it one that bind() and connect() take for this family, as it is?
  bool fits(int family) const;
  bool operator==(const SocketAddress&) const = default;

  template <class Archive>
  void fields(Archive& a) {
    a(bytes_);
  }

 private:
  static SocketAddress ask(int fd, int (*what)(int, sockaddr*, socklen_t*) noexcept);
  std::vector<std::uint8_t> bytes_;
};

}  // namespace cairn::state
