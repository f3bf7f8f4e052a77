// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/datagram_content.hpp"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/base/error.hpp"
#include "core/state/descriptors/peek_offset.hpp"

namespace cairn::state {
namespace {

constexpr std::size_t kMost = 65536;  // no datagram of IP is larger
constexpr std::size_t kMostDatagrams = 1 << 20;

// The length of the datagrams that the kernel has put together (UDP_GRO); 0 if it is one.
std::size_t length_of_each(msghdr& message) {
  for (cmsghdr* one = CMSG_FIRSTHDR(&message); one != nullptr; one = CMSG_NXTHDR(&message, one)) {
    if (one->cmsg_level != IPPROTO_UDP || one->cmsg_type != UDP_GRO) continue;
    int length = 0;
    std::memcpy(&length, CMSG_DATA(one), sizeof length);
    return length > 0 ? static_cast<std::size_t>(length) : 0;
  }
  return 0;
}

// The next one that has not been looked at; false if there is none. `each`: see above. What comes beside the bytes (the
// address that it was sent to ...) is not kept: the kernel says it anew.
bool look(int fd, Datagram& datagram, std::size_t& each) {
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
  each = length_of_each(message);
  return true;
}

void add_apart(const Datagram& together, std::size_t each, std::vector<Datagram>& all) {
  const std::size_t size = together.bytes.size();
  if (each == 0 || each >= size) return all.push_back(together);
  for (std::size_t at = 0; at < size; at += each) {
    const auto* const begin = together.bytes.data() + at;
    all.push_back({together.from, std::vector<std::uint8_t>(begin, begin + std::min(each, size - at))});
  }
}

}  // namespace

std::vector<Datagram> look_into_datagrams(int fd) {
  const PeekFromBeginning beginning(fd);
  std::vector<Datagram> all;
  std::size_t each = 0;
  for (Datagram next; look(fd, next, each); add_apart(next, each, all)) {
    if (all.size() >= kMostDatagrams) throw TemporaryError("has more messages than can be looked at");
  }
  return all;
}

}  // namespace cairn::state
