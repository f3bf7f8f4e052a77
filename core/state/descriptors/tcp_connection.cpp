// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/tcp_connection.hpp"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/state/descriptors/socket_diagnosis.hpp"
#include "core/state/descriptors/tcp_state.hpp"

#ifndef SO_BUF_LOCK
#define SO_BUF_LOCK 72  // Linux 5.16
#endif

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51  // Linux 6.3
#endif

namespace cairn::state {
namespace {

constexpr double kArrival = 5;  // seconds
constexpr double kInUse = 10;   // until what is left of a connection that was killed may be used again
constexpr useconds_t kNap = 500;

// While it lives the receiver's buffer takes as much as the kernel lets it, so that the sender can get rid of all it
// has. A buffer that the program has not chosen grows with the low-water mark, and stays larger.
class ReceiveRoom {
 public:
  explicit ReceiveRoom(int fd) : fd_(fd) {
    enum : int { kReceiveSet = 2 };
    chosen_ = (number_option(fd, SOL_SOCKET, SO_BUF_LOCK) & kReceiveSet) != 0;
    mark_ = number_option(fd, SOL_SOCKET, SO_RCVLOWAT);
    buffer_ = number_option(fd, SOL_SOCKET, SO_RCVBUF);
    window_ = chosen_window(fd);
    if (window_ != 0) set(TCP_WINDOW_CLAMP, kMost, IPPROTO_TCP);
    if (chosen_) {
      set(SO_RCVBUF, kMost);
      if (number_option(fd, SOL_SOCKET, SO_RCVBUF) < buffer_) set(SO_RCVBUF, buffer_ / 2);
    }
    set(SO_RCVLOWAT, kMost);
  }
  ~ReceiveRoom() {
    if (chosen_) set(SO_RCVBUF, buffer_ / 2);
    set(SO_RCVLOWAT, mark_);
    if (window_ != 0) set(TCP_WINDOW_CLAMP, window_, IPPROTO_TCP);
  }
  ReceiveRoom(const ReceiveRoom&) = delete;
  ReceiveRoom& operator=(const ReceiveRoom&) = delete;

 private:
  static constexpr int kMost = 1 << 30;
  void set(int name, int value, int level = SOL_SOCKET) const { setsockopt(fd_, level, name, &value, sizeof value); }
  const int fd_;
  bool chosen_ = false;
  int mark_ = 1, buffer_ = 0, window_ = 0;
};

int bytes_of(int fd, unsigned long queue) {
  int bytes = 0;
  return ioctl(fd, queue, &bytes) == 0 ? bytes : 0;
}

// The receiver tells the sender of more room when somebody has looked.
void tell_of_room(int fd) {
  char byte;
  recv(fd, &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT);
}

[[noreturn]] void fail(const ConnectionEnd& end, const char* what) {
  throw EnvironmentError(with_errno(
      "a connection of the program (" + end.local.text() + " to " + end.remote.text() + ") cannot " + what + " again",
      errno));
}

UniqueFd bound_socket(const ConnectionEnd& end) {
  UniqueFd made(socket(end.family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!made) return made;
  reuse_addresses(made.get());
  constexpr int kOff = 0;
  if (end.options != nullptr) {
    set_options_for_binding(made.get(), *end.options);
  } else if (end.family == AF_INET6) {
    setsockopt(made.get(), IPPROTO_IPV6, IPV6_V6ONLY, &kOff, sizeof kOff);
  }
  if (bind(made.get(), end.local.get(), end.local.size()) != 0) made.reset();
  return made;
}

// Not bound but by connect(), which minds only connections between the same two addresses: what is left of one that was
// closed before the checkpoint keeps others from binding for a minute. Linux 6.3, for ports that it chooses itself.
UniqueFd socket_for_port(const ConnectionEnd& end) {
  const SocketAddress anywhere = end.local.with_port(0);
  constexpr int kOn = 1;
  const std::uint32_t range = end.local.port() | static_cast<std::uint32_t>(end.local.port()) << 16;
  UniqueFd made(socket(end.family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (made && end.options != nullptr) set_options_for_binding(made.get(), *end.options);
  if (made && (setsockopt(made.get(), IPPROTO_IP, IP_LOCAL_PORT_RANGE, &range, sizeof range) != 0 ||
               setsockopt(made.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &kOn, sizeof kOn) != 0 ||
               bind(made.get(), anywhere.get(), anywhere.size()) != 0))
    made.reset();
  if (!made) errno = EADDRINUSE;
  return made;
}

// What has only chosen the port is no option of the program's.
void forget_range(int fd, const ConnectionEnd& end) {
  constexpr std::uint32_t kNone = 0;
  setsockopt(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE, &kNone, sizeof kNone);
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &kNone, sizeof kNone);
  if (end.options != nullptr) set_options_for_binding(fd, *end.options);
}

// Who else connects in this moment is sent away.
UniqueFd accept_from(int listener, int connected) {
  const SocketAddress wanted = SocketAddress::local_of(connected).unmapped();
  for (const Deadline deadline(kArrival); !deadline.passed();) {
    pollfd ready{listener, POLLIN, 0};
    if (poll(&ready, 1, deadline.milliseconds()) <= 0) continue;
    UniqueFd accepted(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (!accepted) return accepted;
    if (SocketAddress::peer_of(accepted.get()).unmapped() == wanted) return accepted;
  }
  errno = ETIMEDOUT;
  return UniqueFd();
}

// "   1: 0100007F:0050 0100007F:C350 06 ...": the states of those that have been closed, and have nobody.
bool is_left_over(std::string_view line, std::uint16_t port) {
  constexpr std::size_t kLocal = 1, kState = 3;
  const auto words = split_words(line);
  if (words.size() <= kState) return false;
  const std::string_view local = words[kLocal];
  const auto state = to_number(words[kState], 16);
  return to_number(local.substr(std::min(local.rfind(':') + 1, local.size())), 16) == port &&
         (state == TCP_TIME_WAIT || state == TCP_FIN_WAIT1 || state == TCP_FIN_WAIT2);
}

// Empty, with errno, if the addresses are in use.
std::array<UniqueFd, 2> connect_ends(const ConnectionEnd& accepting, const ConnectionEnd& connecting) {
  std::array<UniqueFd, 2> made;
  const UniqueFd listener = bound_socket(accepting);
  if (!listener || listen(listener.get(), 1) != 0) return made;
  UniqueFd connected = bound_socket(connecting);
  const bool by_range = !connected && errno == EADDRINUSE;
  if (by_range) connected = socket_for_port(connecting);
  if (!connected) return made;
  SocketAddress to = connecting.remote;
  if (to.port() == 0) to = SocketAddress::local_of(listener.get());
  if (connect(connected.get(), to.get(), to.size()) != 0) return made;
  if (by_range) forget_range(connected.get(), connecting);
  made[0] = accept_from(listener.get(), connected.get());
  if (made[0]) made[1] = std::move(connected);
  return made;
}

}  // namespace

bool is_only_left_over(const SocketAddress& address) {
  for (const char* table : {"/proc/self/net/tcp", "/proc/self/net/tcp6"}) {
    const std::string all = read_file(table).value_or("");
    for (const std::string_view line : split_lines(all)) {
      if (is_left_over(line, address.port())) return true;
    }
  }
  return false;
}

std::vector<std::uint8_t> look_at_arrived(int fd) {
  pollfd look{fd, POLLPRI, 0};
  if (poll(&look, 1, 0) > 0 && (look.revents & POLLPRI) != 0) throw TemporaryError("has urgent data");
  int before = -1;
  socklen_t size = sizeof before;
  constexpr int kFromBeginning = -1;
  const bool moves = getsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &before, &size) == 0 && before >= 0;
  if (moves) setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &kFromBeginning, sizeof kFromBeginning);
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(bytes_of(fd, SIOCINQ)));
  const ssize_t got = bytes.empty() ? 0 : recv(fd, bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
  if (moves) setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &before, sizeof before);
  if (got != static_cast<ssize_t>(bytes.size())) throw TemporaryError("has what cannot be looked at (urgent data?)");
  return bytes;
}

std::vector<std::uint8_t> look_into_connection(int fd, const SocketAddress& local, const SocketAddress& remote) {
  const auto unsent = [&] {
    const auto peer = diagnose_tcp_socket(remote, local);
    return peer ? peer->unsent : 0;
  };
  if (unsent() == 0) return look_at_arrived(fd);
  const ReceiveRoom room(fd);
  for (const Deadline deadline(kArrival); unsent() != 0; usleep(kNap)) {
    if (deadline.passed()) throw TemporaryError("has more under way than the receiver's buffer takes");
    tell_of_room(fd);
  }
  return look_at_arrived(fd);
}

bool send_again(int from, int to, const std::vector<std::uint8_t>& bytes) {
  if (bytes.empty()) return true;
  const ReceiveRoom room(to);
  const Deadline deadline(kArrival);
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t sent = send(from, bytes.data() + at, bytes.size() - at, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent > 0) at += static_cast<std::size_t>(sent);
    tell_of_room(to);
    pollfd ready{from, POLLOUT, 0};
    if (sent < 0 && poll(&ready, 1, 1) == 0 && deadline.passed()) return false;
  }
  for (; bytes_of(from, SIOCOUTQ) != 0; usleep(kNap)) {
    tell_of_room(to);
    if (deadline.passed()) {
      errno = ENOBUFS;
      return false;
    }
  }
  return true;
}

// Either may be the one that accepts: where one's address has a listener already, the other's may have none. What is
// left of a connection that was killed gives its addresses back a second later.
std::array<UniqueFd, 2> make_connection(const std::array<ConnectionEnd, 2>& ends) {
  const bool left_over = is_only_left_over(ends[0].local) || is_only_left_over(ends[1].local);
  for (const Deadline deadline(left_over ? kLeftOver : kInUse);; usleep(100 * kNap)) {
    for (const std::size_t first : {0u, 1u}) {
      std::array<UniqueFd, 2> made = connect_ends(ends.at(first), ends.at(1 - first));
      if (!made[0] && errno != EADDRINUSE && errno != EADDRNOTAVAIL) fail(ends[0], "be made");
      if (first == 1) std::swap(made[0], made[1]);
      if (made[0]) return made;
    }
    if (deadline.passed()) fail(ends[0], "have its addresses");
  }
}

std::array<UniqueFd, 2> make_any_connection(int family) {
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_addr = in6addr_loopback;
  SocketAddress any(&four, sizeof four);
  ConnectionEnd plain{AF_INET, any, any, nullptr};
  if (family == AF_INET6) {
    any = SocketAddress(&six, sizeof six);
    const UniqueFd trial = bound_socket({AF_INET6, any, any, nullptr});
    if (!trial) any = SocketAddress(&four, sizeof four).mapped();  // IPv6 is switched off here
    plain = {AF_INET6, any, any, nullptr};
  }
  return make_connection({plain, plain});
}

}  // namespace cairn::state
