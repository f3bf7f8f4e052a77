// SPDX-License-Identifier: Apache-2.0
// Sockets under SecureLink: listening, addresses of this machine, connecting.
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "core/base/error.hpp"
#include "pmix/transport/secure_link.hpp"

namespace cairn::pmix {
namespace {

union Address {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

bool parse_address(const std::string& text, std::uint16_t port, Address& out, socklen_t& length) {
  std::memset(&out, 0, sizeof(out));
  if (::inet_pton(AF_INET, text.c_str(), &out.v4.sin_addr) == 1) {
    out.v4.sin_family = AF_INET;
    out.v4.sin_port = htons(port);
    length = sizeof(out.v4);
    return true;
  }
  if (::inet_pton(AF_INET6, text.c_str(), &out.v6.sin6_addr) == 1) {
    out.v6.sin6_family = AF_INET6;
    out.v6.sin6_port = htons(port);
    length = sizeof(out.v6);
    return true;
  }
  return false;
}

// Finishes a non-blocking connect; 0 or the error.
int finish_connect(int fd, double seconds) {
  pollfd p{fd, POLLOUT, 0};
  const int n = ::poll(&p, 1, static_cast<int>(seconds * 1000));
  if (n == 0) return ETIMEDOUT;
  if (n < 0) return errno;
  int error = 0;
  socklen_t size = sizeof(error);
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

}  // namespace

UniqueFd listen_tcp(std::uint16_t& port) {
  UniqueFd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  Address address{};
  socklen_t length = sizeof(address.v6);
  address.v6.sin6_family = AF_INET6;
  address.v6.sin6_addr = in6addr_any;
  const int off = 0;
  if (!fd || ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) != 0 ||
      ::bind(fd.get(), &address.any, length) != 0) {
    // No IPv6 on this machine.
    fd.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    std::memset(&address, 0, sizeof(address));
    address.v4.sin_family = AF_INET;
    length = sizeof(address.v4);
    if (!fd || ::bind(fd.get(), &address.any, length) != 0) {
      throw EnvironmentError(with_errno("no TCP socket for the job's agents", errno));
    }
  }
  if (::listen(fd.get(), 16) != 0 || ::getsockname(fd.get(), &address.any, &length) != 0) {
    throw EnvironmentError(with_errno("no TCP socket for the job's agents", errno));
  }
  port = ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
  return fd;
}

std::vector<std::string> local_addresses() {
  ifaddrs* list = nullptr;
  std::vector<std::string> result;
  if (::getifaddrs(&list) == 0) {
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
    for (const ifaddrs* i = list; i != nullptr; i = i->ifa_next) {
      if (i->ifa_addr == nullptr || (i->ifa_flags & IFF_UP) == 0 || (i->ifa_flags & IFF_LOOPBACK) != 0) continue;
      char text[INET6_ADDRSTRLEN] = "";
      if (i->ifa_addr->sa_family == AF_INET) {
        ::inet_ntop(AF_INET, &reinterpret_cast<sockaddr_in*>(i->ifa_addr)->sin_addr, text, sizeof(text));
      } else if (i->ifa_addr->sa_family == AF_INET6) {
        const in6_addr& a = reinterpret_cast<sockaddr_in6*>(i->ifa_addr)->sin6_addr;
        if (!IN6_IS_ADDR_LINKLOCAL(&a)) ::inet_ntop(AF_INET6, &a, text, sizeof(text));
      }
      if (text[0] != '\0') result.emplace_back(text);
    }
  }
  result.emplace_back("127.0.0.1");
  return result;
}

UniqueFd connect_tcp(const std::vector<std::string>& addresses, std::uint16_t port, double seconds) {
  std::string why = "no address given";
  for (const std::string& text : addresses) {
    Address address;
    socklen_t length = 0;
    if (!parse_address(text, port, address, length)) continue;
    UniqueFd fd(::socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) continue;
    int error = ::connect(fd.get(), &address.any, length) == 0 ? 0 : errno;
    if (error == EINPROGRESS) error = finish_connect(fd.get(), seconds);
    if (error == 0) {
      const int on = 1;
      ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      ::setsockopt(fd.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
      return fd;
    }
    why = with_errno(text + " port " + std::to_string(port), error);
  }
  throw TemporaryError("mpirun's coordinator cannot be reached: " + why);
}

}  // namespace cairn::pmix
