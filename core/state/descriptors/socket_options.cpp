// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/socket_options.hpp"

#include <linux/net_tstamp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "core/base/error.hpp"
#include "core/base/unique_fd.hpp"
#include "core/state/descriptors/known_socket_options.hpp"
#include "core/state/descriptors/tcp_state.hpp"

#ifndef SO_BUF_LOCK
#define SO_BUF_LOCK 72  // Linux 5.16
#endif
#ifndef TCP_AO_INFO
#define TCP_AO_INFO 40  // Linux 6.7
#endif
#ifndef IPV6_FLOWLABEL_MGR
#define IPV6_FLOWLABEL_MGR 32  // the kernel's own headers
#endif

namespace cairn::state {
namespace {

enum : int { kSendSet = 1, kReceiveSet = 2 };  // of SO_BUF_LOCK

constexpr std::size_t kMostBytes = 2048;  // of a header of IPv6

bool has_trait(const SocketOption& option, KnownSocketOption::Trait trait) {
  const KnownSocketOption* known = find_socket_option(option.level, option.name);
  return known != nullptr && (known->traits & trait) != 0;
}

bool read_option(int fd, SocketOption& option) {
  std::array<std::uint8_t, kMostBytes> value{};
  socklen_t size = value.size();
  if (getsockopt(fd, option.level, option.name, value.data(), &size) != 0 || size > value.size()) return false;
  option.value.assign(value.begin(), value.begin() + size);
  return true;
}

// The kernel tells twice what is asked for, which is its own share.
constexpr bool is_buffer(const SocketOption& option) {
  return option.level == SOL_SOCKET && (option.name == SO_SNDBUF || option.name == SO_RCVBUF);
}

constexpr bool is_lock(const SocketOption& option) { return option.level == SOL_SOCKET && option.name == SO_BUF_LOCK; }

int as_number(const SocketOption& option) {
  int number = 0;
  std::copy_n(option.value.begin(), std::min(sizeof number, option.value.size()),
              reinterpret_cast<std::uint8_t*>(&number));
  return number;
}

// An interface may have another number when the program is restarted. The socket itself is asked, since libc's
// functions open one that the program could see.
void name_interface(int fd, SocketOption& option) {
  if (!has_trait(option, KnownSocketOption::kInterface) || as_number(option) == 0) return;
  const int told = as_number(option);
  ifreq request{};
  request.ifr_ifindex = has_trait(option, KnownSocketOption::kBigEndian)
                            ? static_cast<int>(ntohl(static_cast<std::uint32_t>(told)))
                            : told;
  if (ioctl(fd, SIOCGIFNAME, &request) == 0)
    option.value.assign(std::begin(request.ifr_name), std::end(request.ifr_name));
}

// False, with errno, if there is no such interface.
bool number_interface(int fd, SocketOption& option) {
  if (!has_trait(option, KnownSocketOption::kInterface) || option.value.size() != IFNAMSIZ) return true;
  ifreq request{};
  std::copy_n(option.value.begin(), IFNAMSIZ - 1, request.ifr_name);
  if (ioctl(fd, SIOCGIFINDEX, &request) != 0) return false;
  const auto number = static_cast<std::uint32_t>(request.ifr_ifindex);
  const std::uint32_t told = has_trait(option, KnownSocketOption::kBigEndian) ? htonl(number) : number;
  option.value.resize(sizeof told);
  std::memcpy(option.value.data(), &told, sizeof told);
  return true;
}

// An administrator may have more than the bound for all.
bool set_buffer(int fd, const SocketOption& option) {
  const int half = as_number(option) / 2, force = option.name == SO_SNDBUF ? SO_SNDBUFFORCE : SO_RCVBUFFORCE;
  for (const int name : {option.name, force}) {
    if (setsockopt(fd, SOL_SOCKET, name, &half, sizeof half) != 0) break;
    if (number_option(fd, SOL_SOCKET, option.name) >= as_number(option)) return true;
  }
  errno = 0;
  return false;
}

bool try_to_set(int fd, SocketOption option) {
  if (!number_interface(fd, option)) return false;
  SocketOption now{option.level, option.name, {}};
  if (read_option(fd, now) && now.value == option.value) return true;
  return is_buffer(option) ? set_buffer(fd, option)
                           : setsockopt(fd, option.level, option.name, option.value.data(),
                                        static_cast<socklen_t>(option.value.size())) == 0;
}

void set_option(int fd, const SocketOption& option) {
  if (try_to_set(fd, option)) return;
  if (errno == ENOPROTOOPT && is_lock(option)) return;  // before Linux 5.16: what has been set is locked
  const bool unknown = errno == ENOPROTOOPT || errno == EOPNOTSUPP;
  throw EnvironmentError(with_errno("a socket of the program cannot have its option " +
                                        socket_option_text(option.level, option.name) + " again" +
                                        (is_buffer(option) ? " (net.core.wmem_max, rmem_max)" : "") +
                                        (unknown ? ", which this kernel does not know" : ""),
                                    errno));
}

// What a new one of its kind has here nobody has chosen.
UniqueFd new_socket_like(int fd) {
  return UniqueFd(socket(number_option(fd, SOL_SOCKET, SO_DOMAIN),
                         number_option(fd, SOL_SOCKET, SO_TYPE) | SOCK_CLOEXEC,
                         number_option(fd, SOL_SOCKET, SO_PROTOCOL)));
}

// Or was.
bool is_connected_tcp(int fd) {
  if (number_option(fd, SOL_SOCKET, SO_PROTOCOL) != IPPROTO_TCP) return false;
  const int state = tcp_state(fd);
  return state != TCP_LISTEN && (state != TCP_CLOSE || has_ended(fd));
}

// Of one socket.
class Reading {
 public:
  explicit Reading(int fd)
      : fd_(fd),
        new_(new_socket_like(fd)),
        stream_(number_option(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM),
        connected_(is_connected_tcp(fd)) {}

  SocketOptions read() {
    for (const KnownSocketOption& known : known_socket_options()) {
      if (stream_ && (known.traits & KnownSocketOption::kDatagrams) != 0) continue;
      if (connected_ && (known.traits & KnownSocketOption::kUnconnected) != 0) continue;
      if (known.level == IPPROTO_TCP && known.name == TCP_MAXSEG && is_measured_segment(fd_)) continue;
      add({known.level, known.name, {}}, (known.traits & KnownSocketOption::kChosen) != 0);
    }
    if (const int most = connected_ ? chosen_window(fd_) : 0; most != 0)
      add({IPPROTO_TCP, TCP_WINDOW_CLAMP, {}}, false);
    // Of others it is in nobody's list: they need it for their addresses.
    if (number_option(fd_, SOL_SOCKET, SO_DOMAIN) == AF_UNIX) add({SOL_SOCKET, SO_REUSEADDR, {}}, true);
    add_buffers();
    return std::move(options_);
  }

 private:
  bool add(SocketOption option, bool only_chosen) {
    if (!read_option(fd_, option) || option.value.empty()) return false;
    SocketOption fresh{option.level, option.name, {}};
    if (only_chosen && read_option(new_.get(), fresh) && fresh.value == option.value) return false;
    name_interface(fd_, option);
    options_.push_back(std::move(option));
    return true;
  }

  // One that is not locked the kernel makes as large as it likes while there is a connection. Whatever is set is
  // locked.
  void add_buffers() {
    const int locked = number_option(fd_, SOL_SOCKET, SO_BUF_LOCK);
    int set = 0;
    const auto add_one = [&](int bit, int name) {
      const bool fixed = (locked & bit) != 0;
      if ((fixed || !connected_) && add({SOL_SOCKET, name, {}}, !fixed)) set |= bit;
    };
    add_one(kSendSet, SO_SNDBUF);
    add_one(kReceiveSet, SO_RCVBUF);
    if (set != 0) add({SOL_SOCKET, SO_BUF_LOCK, {}}, false);
  }

  const int fd_;
  const UniqueFd new_;
  const bool stream_, connected_;
  SocketOptions options_;
};

// One of BPF, which cannot be read, is told by the error.
bool has_filter(int fd) {
  socklen_t filter = 0;
  return getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, nullptr, &filter) == 0 ? filter > 0 : errno == EACCES;
}

// Asking for it with room for nothing tells its length, and does not take it.
bool has_saved_syn(int fd) {
  socklen_t size = 0;
  char none;
  return getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, &none, &size) != 0 && errno == EINVAL && size > 0;
}

// The kernel answers for what a socket has.
bool tells(int fd, int level, int name) {
  SocketOption asked{level, name, {}};
  return read_option(fd, asked);
}

// Where the administrator has all labels answered by the same, each socket seems to have one.
bool has_flow_label(int fd) {
  return tells(fd, IPPROTO_IPV6, IPV6_FLOWLABEL_MGR) &&
         !tells(new_socket_like(fd).get(), IPPROTO_IPV6, IPV6_FLOWLABEL_MGR);
}

}  // namespace

int number_option(int fd, int level, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  return getsockopt(fd, level, name, &value, &size) == 0 ? value : 0;
}

SocketOptions options_of(int fd) { return Reading(fd).read(); }

std::string unsaved_option_of(int fd) {
  if (has_filter(fd)) return "it has a filter (SO_ATTACH_FILTER, SO_ATTACH_BPF)";
  if (number_option(fd, SOL_SOCKET, SO_PASSSEC) != 0) return "it receives security labels (SO_PASSSEC)";
  if ((number_option(fd, SOL_SOCKET, SO_TIMESTAMPING_OLD) & SOF_TIMESTAMPING_OPT_ID) != 0)
    return "it counts what it sends (SOF_TIMESTAMPING_OPT_ID)";
  SocketOption layer{IPPROTO_TCP, TCP_ULP, {}};
  if (read_option(fd, layer) && !layer.value.empty() && layer.value.front() != 0)
    return "the kernel has a protocol on top of it (TCP_ULP: TLS)";
  if (number_option(fd, IPPROTO_IP, IP_TRANSPARENT) != 0) return "it is transparent (IP_TRANSPARENT)";
  if (has_saved_syn(fd)) return "it has its peer's first packet, which has not been asked for (TCP_SAVE_SYN)";
  if (number_option(fd, IPPROTO_TCP, TCP_REPAIR) != 0) return "it is being repaired (TCP_REPAIR)";
  if (tells(fd, IPPROTO_TCP, TCP_AO_INFO)) return "it has keys (TCP_AO)";
  if (number_option(fd, IPPROTO_UDP, UDP_ENCAP) != 0) return "the kernel has a tunnel in it (UDP_ENCAP)";
  if (has_flow_label(fd)) return "it has a flow label (IPV6_FLOWLABEL_MGR)";
  return {};
}

void set_options_for_binding(int fd, const SocketOptions& options) {
  for (const SocketOption& option : options) {
    if (has_trait(option, KnownSocketOption::kEarly)) set_option(fd, option);
  }
}

void set_options(int fd, const SocketOptions& options) {
  for (const SocketOption& option : options) {
    if (!has_trait(option, KnownSocketOption::kEarly)) set_option(fd, option);
  }
}

void reuse_addresses(int fd, bool on) {
  const int value = on ? 1 : 0;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &value, sizeof value);
}

}  // namespace cairn::state
