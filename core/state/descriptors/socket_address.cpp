// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/socket_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>

namespace cairn::state {
namespace {
constexpr std::size_t kFourAt = 12;  // where an address of IPv6 has one of IPv4
}

SocketAddress::SocketAddress(const void* address, std::size_t size)
    : bytes_(static_cast<const std::uint8_t*>(address), static_cast<const std::uint8_t*>(address) + size) {}

SocketAddress SocketAddress::ask(int fd, int (*what)(int, sockaddr*, socklen_t*) noexcept) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (what(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0 || size > sizeof address) return {};
  // The kernel counts the zero behind a name that leaves no room for one, and takes no such address.
  if (address.ss_family == AF_UNIX) size = std::min<socklen_t>(size, sizeof(sockaddr_un));
  return {&address, size};
}

std::uint16_t SocketAddress::port() const {
  if (family() == AF_INET) return ntohs(as<sockaddr_in>().sin_port);
  return family() == AF_INET6 ? ntohs(as<sockaddr_in6>().sin6_port) : 0;
}

SocketAddress SocketAddress::with_port(std::uint16_t port) const {
  if (family() == AF_INET) {
    auto four = as<sockaddr_in>();
    four.sin_port = htons(port);
    return {&four, sizeof four};
  }
  if (family() != AF_INET6) return *this;
  auto six = as<sockaddr_in6>();
  six.sin6_port = htons(port);
  return {&six, sizeof six};
}

SocketAddress SocketAddress::unmapped() const {
  if (family() != AF_INET6) return *this;
  const auto six = as<sockaddr_in6>();
  if (!IN6_IS_ADDR_V4MAPPED(&six.sin6_addr)) return *this;
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = six.sin6_port;
  std::memcpy(&four.sin_addr, six.sin6_addr.s6_addr + kFourAt, sizeof four.sin_addr);
  return {&four, sizeof four};
}

SocketAddress SocketAddress::mapped() const {
  if (family() != AF_INET) return *this;
  const auto four = as<sockaddr_in>();
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = four.sin_port;
  six.sin6_addr.s6_addr[kFourAt - 1] = six.sin6_addr.s6_addr[kFourAt - 2] = 0xff;
  std::memcpy(six.sin6_addr.s6_addr + kFourAt, &four.sin_addr, sizeof four.sin_addr);
  return {&six, sizeof six};
}

bool SocketAddress::is_any() const {
  if (family() == AF_INET) return as<sockaddr_in>().sin_addr.s_addr == htonl(INADDR_ANY);
  const auto six = as<sockaddr_in6>();
  return family() == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&six.sin6_addr);
}

bool SocketAddress::is_loopback() const {
  const SocketAddress plain = unmapped();
  if (plain.family() == AF_INET) return ntohl(plain.as<sockaddr_in>().sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
  const auto six = plain.as<sockaddr_in6>();
  return plain.family() == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&six.sin6_addr);
}

std::string SocketAddress::text() const {
  char host[INET6_ADDRSTRLEN] = "";
  if (family() == AF_INET) {
    const auto four = as<sockaddr_in>();
    inet_ntop(AF_INET, &four.sin_addr, host, sizeof host);
  } else if (family() == AF_INET6) {
    const auto six = as<sockaddr_in6>();
    inet_ntop(AF_INET6, &six.sin6_addr, host, sizeof host);
  } else {
    return unix_name().empty() ? "a socket without a name" : unix_name();
  }
  return std::string(host) + " port " + std::to_string(port());
}

std::string SocketAddress::path() const {
  constexpr std::size_t kNameAt = offsetof(sockaddr_un, sun_path);
  if (family() != AF_UNIX || bytes_.size() <= kNameAt || bytes_[kNameAt] == 0) return {};
  const std::string name(bytes_.begin() + kNameAt, bytes_.end());
  return name.substr(0, name.find('\0'));
}

std::string SocketAddress::unix_name() const {
  constexpr std::size_t kNameAt = offsetof(sockaddr_un, sun_path);
  if (family() != AF_UNIX || bytes_.size() <= kNameAt) return {};
  return bytes_[kNameAt] != 0 ? path() : "@" + std::string(bytes_.begin() + kNameAt + 1, bytes_.end());
}

bool SocketAddress::fits(int family) const {
  return this->family() == family && (family == AF_INET    ? size() == sizeof(sockaddr_in)
                                      : family == AF_INET6 ? size() == sizeof(sockaddr_in6)
                                                           : family == AF_UNIX && size() <= sizeof(sockaddr_un));
}

}  // namespace cairn::state
