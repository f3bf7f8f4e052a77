// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/socket_content.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/unique_fd.hpp"
#include "core/state/descriptors/peek_offset.hpp"
#include "core/state/descriptors/socket_options.hpp"

#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76  // Linux 6.5
#endif

namespace cairn::state {
namespace {

constexpr std::size_t kMostMessage = 64 << 20;  // no buffer of a socket is larger

// While it lives, looking shows nothing beside the bytes but credentials: a time would need room, which might be for
// descriptors, and a pidfd of the sender would be made at a number that the program may want.
class NothingBeside {
 public:
  explicit NothingBeside(int fd) : fd_(fd) {
    for (Option& option : options_) {
      option.size = option.value.size();
      if (getsockopt(fd, SOL_SOCKET, option.name, option.value.data(), &option.size) != 0) option.value = {};
      if (option.is_on()) set(option.name, Value{}, option.size);
    }
  }
  ~NothingBeside() {
    for (const Option& option : options_) {
      if (option.is_on()) set(option.name, option.value, option.size);
    }
  }
  NothingBeside(const NothingBeside&) = delete;
  NothingBeside& operator=(const NothingBeside&) = delete;

 private:
  using Value = std::array<std::uint8_t, 8>;
  struct Option {
    int name;
    Value value{};
    socklen_t size = 0;
    bool is_on() const { return value != Value{}; }
  };
  void set(int name, const Value& value, socklen_t size) const {
    setsockopt(fd_, SOL_SOCKET, name, value.data(), size);
  }
  const int fd_;
  // In an order in which they can be set: the last is told only if it was set by that name.
  std::array<Option, 7> options_{Option{SO_PASSPIDFD},       Option{SO_TIMESTAMP_OLD},   Option{SO_TIMESTAMPNS_OLD},
                                 Option{SO_TIMESTAMP_NEW},   Option{SO_TIMESTAMPNS_NEW}, Option{SO_TIMESTAMPING_OLD},
                                 Option{SO_TIMESTAMPING_NEW}};
};

// The next piece that has not been looked at, at most `size` bytes of it. False if there is none.
bool look(int fd, std::size_t size, std::vector<std::uint8_t>& piece, SocketAddress* sender = nullptr) {
  piece.resize(size);
  iovec place{piece.data(), piece.size()};
  sockaddr_storage from{};
  msghdr message{};
  message.msg_name = &from;
  message.msg_namelen = sizeof from;
  message.msg_iov = &place;
  message.msg_iovlen = 1;
  // Room for what comes with every message, and none for descriptors, of which there would be copies.
  alignas(cmsghdr) char credentials[CMSG_SPACE(sizeof(ucred))];
  if (number_option(fd, SOL_SOCKET, SO_PASSCRED) != 0)
    message.msg_control = credentials, message.msg_controllen = sizeof credentials;
  const ssize_t n = recvmsg(fd, &message, MSG_PEEK | MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
  if (n < 0) throw TemporaryError(with_errno("cannot be looked into", errno));
  if ((message.msg_flags & MSG_CTRUNC) != 0) throw TemporaryError("has descriptors on their way");
  if ((message.msg_flags & MSG_TRUNC) != 0) throw TemporaryError("has a message that is too long");
  piece.resize(static_cast<std::size_t>(n));
  if (sender != nullptr) *sender = SocketAddress(&from, message.msg_namelen);
  return true;
}

std::size_t bytes_in(int fd) {
  int bytes = 0;
  return ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

}  // namespace

SocketContent look_into_socket(int fd, int type, bool ended, std::vector<SocketAddress>* senders) {
  SocketContent content;
  const std::size_t all = bytes_in(fd);
  if (all > kMostMessage) throw TemporaryError("has more than can be looked at");
  const NothingBeside nothing_beside(fd);
  const PeekFromBeginning beginning(fd);
  std::vector<std::uint8_t> piece;
  if (type == SOCK_STREAM) {
    if (pollfd urgent{fd, POLLPRI, 0}; poll(&urgent, 1, 0) > 0 && (urgent.revents & POLLPRI) != 0)
      throw TemporaryError("has urgent data");
    std::vector<std::uint8_t> bytes;
    while (bytes.size() < all && look(fd, all - bytes.size(), piece) && !piece.empty())
      bytes.insert(bytes.end(), piece.begin(), piece.end());
    if (bytes.size() != all) throw TemporaryError("has what cannot be looked at (urgent data?)");
    if (all != 0) content.push_back(std::move(bytes));
    return content;
  }
  // Of datagrams FIONREAD tells the next one's length only.
  if (type == SOCK_DGRAM && ended && all != 0)
    throw TemporaryError("has been shut down for reading with something in it");
  constexpr std::size_t kRoom = 1 << 20;
  int room = 0;
  socklen_t size = sizeof room;
  getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, &size);
  const std::size_t most = std::max<std::size_t>(kRoom, static_cast<std::size_t>(std::max(room, 0)));
  SocketAddress sender;
  for (std::size_t seen = 0; (!ended || seen < all) && look(fd, most, piece, &sender); seen += piece.size()) {
    content.push_back(piece);
    if (senders != nullptr) senders->push_back(sender);
  }
  return content;
}

namespace {

bool set_send_buffer(int fd, int bytes) {
  // An administrator may have more than the bound for all. The kernel doubles what is asked for.
  const int half = bytes / 2;
  return setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &half, sizeof half) == 0 ||
         (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &half, sizeof half) == 0 &&
          number_option(fd, SOL_SOCKET, SO_SNDBUF) >= bytes / 2 * 2);
}

// What splice(2) and sendfile(2) have sent takes more room when it is sent as other bytes. For the time of one call,
// and only where the size can be had: what it is could not be set again otherwise.
ssize_t send_with_more_room(int fd, const std::uint8_t* bytes, std::size_t size) {
  const int room = number_option(fd, SOL_SOCKET, SO_SNDBUF);
  const UniqueFd trial(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const bool more =
      room > 0 && room <= INT_MAX / 2 && set_send_buffer(trial.get(), 2 * room) && set_send_buffer(fd, 2 * room);
  const ssize_t sent = send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (more) set_send_buffer(fd, room);
  return sent;
}

}  // namespace

bool send_again(int fd, const SocketContent& content) {
  const bool stream = number_option(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM;
  for (const auto& piece : content) {
    ssize_t sent = send(fd, piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) return false;
    const auto first = static_cast<std::size_t>(sent);
    if (first != piece.size() && stream) {
      const ssize_t rest = send_with_more_room(fd, piece.data() + first, piece.size() - first);
      if (rest > 0) sent += rest;
    }
    if (static_cast<std::size_t>(sent) != piece.size()) {
      errno = ENOBUFS;
      return false;
    }
  }
  return true;
}

}  // namespace cairn::state
