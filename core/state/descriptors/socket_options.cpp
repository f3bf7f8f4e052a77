// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/socket_options.hpp"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/base/error.hpp"

#ifndef SO_BUF_LOCK
#define SO_BUF_LOCK 72  // Linux 5.16
#endif

namespace cairn::state {
namespace {

// Any of families and types: what a socket does not have it does not tell.
struct Known {
  int level, name;
  bool early = false;      // before bind()
  bool datagrams = false;  // of no matter to streams, which have other values by themselves
};
constexpr std::array kKnown{
    Known{SOL_SOCKET, SO_REUSEPORT, true},
    Known{SOL_SOCKET, SO_BINDTODEVICE, true},
    Known{IPPROTO_IP, IP_FREEBIND, true},
    Known{IPPROTO_IPV6, IPV6_V6ONLY, true},
    Known{IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, true},
    Known{SOL_SOCKET, SO_KEEPALIVE},
    Known{SOL_SOCKET, SO_LINGER},
    Known{SOL_SOCKET, SO_OOBINLINE},
    Known{SOL_SOCKET, SO_PRIORITY},
    Known{SOL_SOCKET, SO_MARK},
    Known{SOL_SOCKET, SO_DONTROUTE},
    Known{SOL_SOCKET, SO_BROADCAST},
    Known{SOL_SOCKET, SO_RCVLOWAT},
    Known{SOL_SOCKET, SO_RCVTIMEO},
    Known{SOL_SOCKET, SO_SNDTIMEO},
    Known{SOL_SOCKET, SO_TIMESTAMP_OLD},
    Known{SOL_SOCKET, SO_TIMESTAMPNS_OLD},
    Known{SOL_SOCKET, SO_RXQ_OVFL},
    Known{SOL_SOCKET, SO_PASSCRED},
    Known{SOL_SOCKET, SO_PEEK_OFF},
    Known{IPPROTO_TCP, TCP_NODELAY},
    Known{IPPROTO_TCP, TCP_CORK},
    Known{IPPROTO_TCP, TCP_KEEPIDLE},
    Known{IPPROTO_TCP, TCP_KEEPINTVL},
    Known{IPPROTO_TCP, TCP_KEEPCNT},
    Known{IPPROTO_TCP, TCP_SYNCNT},
    Known{IPPROTO_TCP, TCP_LINGER2},
    Known{IPPROTO_TCP, TCP_DEFER_ACCEPT},
    Known{IPPROTO_TCP, TCP_USER_TIMEOUT},
    Known{IPPROTO_TCP, TCP_CONGESTION},
    Known{IPPROTO_TCP, TCP_NOTSENT_LOWAT},
    Known{IPPROTO_IP, IP_TOS},
    Known{IPPROTO_IP, IP_TTL},
    Known{IPPROTO_IP, IP_MTU_DISCOVER},
    Known{IPPROTO_IP, IP_RECVERR},
    Known{IPPROTO_IP, IP_PKTINFO},
    Known{IPPROTO_IP, IP_RECVTTL},
    Known{IPPROTO_IP, IP_RECVTOS},
    Known{IPPROTO_IP, IP_RECVORIGDSTADDR},
    Known{IPPROTO_IP, IP_MULTICAST_TTL, false, true},
    Known{IPPROTO_IP, IP_MULTICAST_LOOP, false, true},
    Known{IPPROTO_IP, IP_MULTICAST_ALL, false, true},
    Known{IPPROTO_IPV6, IPV6_UNICAST_HOPS},
    Known{IPPROTO_IPV6, IPV6_MULTICAST_HOPS, false, true},
    Known{IPPROTO_IPV6, IPV6_MULTICAST_LOOP, false, true},
    Known{IPPROTO_IPV6, IPV6_TCLASS},
    Known{IPPROTO_IPV6, IPV6_MTU_DISCOVER},
    Known{IPPROTO_IPV6, IPV6_RECVERR},
    Known{IPPROTO_IPV6, IPV6_RECVPKTINFO},
    Known{IPPROTO_IPV6, IPV6_RECVHOPLIMIT},
    Known{IPPROTO_IPV6, IPV6_RECVTCLASS},
};

bool is_early(const SocketOption& option) {
  return std::any_of(kKnown.begin(), kKnown.end(), [&](const Known& known) {
    return known.early && known.level == option.level && known.name == option.name;
  });
}

bool read_option(int fd, SocketOption& option) {
  std::array<std::uint8_t, 64> value{};
  socklen_t size = value.size();
  if (getsockopt(fd, option.level, option.name, value.data(), &size) != 0 || size > value.size()) return false;
  option.value.assign(value.begin(), value.begin() + size);
  return true;
}

// The kernel tells twice what is asked for, which is its own share.
constexpr bool is_buffer(const SocketOption& option) {
  return option.level == SOL_SOCKET && (option.name == SO_SNDBUF || option.name == SO_RCVBUF);
}

int as_number(const SocketOption& option) {
  int number = 0;
  std::copy_n(option.value.begin(), std::min(sizeof number, option.value.size()),
              reinterpret_cast<std::uint8_t*>(&number));
  return number;
}

void set_option(int fd, const SocketOption& option) {
  SocketOption now{option.level, option.name, {}};
  if (read_option(fd, now) && now.value == option.value) return;
  const int half = as_number(option) / 2;
  const bool set = is_buffer(option) ? setsockopt(fd, option.level, option.name, &half, sizeof half) == 0 &&
                                           read_option(fd, now) && as_number(now) >= as_number(option)
                                     : setsockopt(fd, option.level, option.name, option.value.data(),
                                                  static_cast<socklen_t>(option.value.size())) == 0;
  if (set) return;
  throw EnvironmentError(with_errno("a socket of the program cannot have its option " + std::to_string(option.name) +
                                        " of level " + std::to_string(option.level) + " again" +
                                        (is_buffer(option) ? " (net.core.wmem_max, rmem_max)" : ""),
                                    is_buffer(option) ? 0 : errno));
}

}  // namespace

int number_option(int fd, int level, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  return getsockopt(fd, level, name, &value, &size) == 0 ? value : 0;
}

// A buffer that nobody has set the kernel makes as large as it likes.
SocketOptions options_of(int fd) {
  SocketOptions options;
  const auto add = [&](SocketOption option) {
    if (read_option(fd, option) && !option.value.empty()) options.push_back(std::move(option));
  };
  const bool stream = number_option(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM;
  for (const Known& known : kKnown) {
    if (!stream || !known.datagrams) add({known.level, known.name, {}});
  }
  enum : int { kSendSet = 1, kReceiveSet = 2 };
  const int set = number_option(fd, SOL_SOCKET, SO_BUF_LOCK);
  if ((set & kSendSet) != 0) add({SOL_SOCKET, SO_SNDBUF, {}});
  if ((set & kReceiveSet) != 0) add({SOL_SOCKET, SO_RCVBUF, {}});
  return options;
}

std::string unsaved_option_of(int fd) {
  socklen_t filter = 0;
  if (getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, nullptr, &filter) == 0 && filter > 0)
    return "it has a filter (SO_ATTACH_FILTER)";
  if (number_option(fd, SOL_SOCKET, SO_PASSSEC) != 0) return "it receives security labels (SO_PASSSEC)";
  if (number_option(fd, SOL_SOCKET, SO_TIMESTAMPING_OLD) != 0) return "it has time stamps (SO_TIMESTAMPING)";
  SocketOption layer{IPPROTO_TCP, TCP_ULP, {}};
  if (read_option(fd, layer) && !layer.value.empty() && layer.value.front() != 0)
    return "the kernel has a protocol on top of it (TCP_ULP: TLS)";
  if (number_option(fd, IPPROTO_IP, IP_TRANSPARENT) != 0) return "it is transparent (IP_TRANSPARENT)";
  return {};
}

void set_options_for_binding(int fd, const SocketOptions& options) {
  for (const SocketOption& option : options) {
    if (is_early(option)) set_option(fd, option);
  }
}

void set_options(int fd, const SocketOptions& options) {
  for (const SocketOption& option : options) {
    if (!is_early(option)) set_option(fd, option);
  }
}

void reuse_addresses(int fd, bool on) {
  const int value = on ? 1 : 0;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &value, sizeof value);
}

}  // namespace cairn::state
