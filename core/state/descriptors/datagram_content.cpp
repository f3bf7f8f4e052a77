// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/datagram_content.hpp"

#include <sys/ioctl.h>

#include <cerrno>

#include "core/base/error.hpp"
#include "core/state/descriptors/peek_offset.hpp"

namespace cairn::state {
namespace {

constexpr std::size_t kMost = 65536;  // no datagram of IP is larger
constexpr std::size_t kMostDatagrams = 1 << 20;

// The next one that has not been looked at; false if there is none. What comes beside the bytes (the address that it
// was sent to ...) is not kept: the kernel says it anew.
bool look(int fd, Datagram& datagram) {
  datagram.bytes.resize(kMost);
  sockaddr_storage from{};
  iovec place{datagram.bytes.data(), datagram.bytes.size()};
  alignas(cmsghdr) char beside[1024];
  msghdr message{};
  message.msg_name = &from;
  message.msg_namelen = sizeof from;
  message.msg_iov = &place;
  message.msg_iovlen = 1;
  message.msg_control = beside;
  message.msg_controllen = sizeof beside;
  const ssize_t n = recvmsg(fd, &message, MSG_PEEK | MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
  if (n < 0) throw TemporaryError(with_errno("cannot be looked into", errno));
  if ((message.msg_flags & MSG_TRUNC) != 0) throw TemporaryError("has a message that is too long");
  datagram.bytes.resize(static_cast<std::size_t>(n));
  datagram.from = SocketAddress(&from, message.msg_namelen);
  return true;
}

}  // namespace

std::vector<Datagram> look_into_datagrams(int fd) {
  const PeekFromBeginning beginning(fd);
  std::vector<Datagram> all;
  for (Datagram datagram; look(fd, datagram); all.push_back(datagram)) {
    if (all.size() == kMostDatagrams) throw TemporaryError("has more messages than can be looked at");
  }
  return all;
}

}  // namespace cairn::state
