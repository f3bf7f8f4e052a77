// SPDX-License-Identifier: Apache-2.0
// Socket calls: the kernel resumes them after a handler except where the socket has a time limit of its own
// (SO_RCVTIMEO, SO_SNDTIMEO). Repeating starts that limit anew.
#include "core/base/futex.hpp"
#include "core/guest/descriptors.hpp"
#include "core/guest/export.hpp"
#include "core/guest/interrupted.hpp"
#include "core/guest/real.hpp"

using namespace cairn;
using namespace cairn::guest;

namespace {

// A call that may wait for long has chosen its number before: if the host had its turn meanwhile, that may not be the
// lowest.
template <typename Call>
int accepted(Call call) {
  if (!hosted()) return call();
  const uint32_t before = load(table().host_turns);
  const int fd = repeated(call);
  return fd < 0 || ((before & 1) == 0 && load(table().host_turns) == before) ? fd : lowered_descriptor(fd);
}

}  // namespace

CAIRN_INTERPOSE(int, accept, (int fd, sockaddr* peer, socklen_t* length)) {
  return accepted([=] { return real().accept(fd, peer, length); });
}
CAIRN_INTERPOSE(int, accept4, (int fd, sockaddr* peer, socklen_t* length, int flags)) {
  return accepted([=] { return real().accept4(fd, peer, length, flags); });
}
CAIRN_INTERPOSE(int, connect, (int fd, const sockaddr* peer, socklen_t length)) {
  return repeated([=] { return real().connect(fd, peer, length); });
}
CAIRN_INTERPOSE(ssize_t, recv, (int fd, void* buffer, size_t size, int flags)) {
  return repeated([=] { return real().recv(fd, buffer, size, flags); });
}
CAIRN_INTERPOSE(ssize_t, recvfrom, (int fd, void* buffer, size_t size, int flags, sockaddr* peer, socklen_t* length)) {
  return repeated([=] { return real().recvfrom(fd, buffer, size, flags, peer, length); });
}
CAIRN_INTERPOSE(ssize_t, recvmsg, (int fd, msghdr* message, int flags)) {
  return repeated([=] { return real().recvmsg(fd, message, flags); });
}
CAIRN_INTERPOSE(int, recvmmsg, (int fd, mmsghdr* messages, unsigned count, int flags, timespec* limit)) {
  return repeated([=] { return real().recvmmsg(fd, messages, count, flags, limit); });
}
CAIRN_INTERPOSE(ssize_t, send, (int fd, const void* buffer, size_t size, int flags)) {
  return written(buffer, size, [=](const void* rest, size_t left) { return real().send(fd, rest, left, flags); });
}
CAIRN_INTERPOSE(ssize_t, sendto,
                (int fd, const void* buffer, size_t size, int flags, const sockaddr* peer, socklen_t length)) {
  return repeated([=] { return real().sendto(fd, buffer, size, flags, peer, length); });
}
CAIRN_INTERPOSE(ssize_t, sendmsg, (int fd, const msghdr* message, int flags)) {
  return repeated([=] { return real().sendmsg(fd, message, flags); });
}
