// SPDX-License-Identifier: Apache-2.0
// Accepting, connecting and sending: the kernel resumes these after a handler except where the socket has a time limit
// of its own (SO_SNDTIMEO), or a part was sent. Repeating starts that limit anew. receives.cpp has the other direction.
#include <sys/socket.h>

#include "core/base/futex.hpp"
#include "core/guest/descriptors.hpp"
#include "core/guest/export.hpp"
#include "core/guest/interrupted.hpp"
#include "core/guest/partly_done.hpp"
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

// The rest of a message: the connection is there, what it ends with has no signal where a part was sent, and who counts
// the kernel's buffers (MSG_ZEROCOPY) counts calls of its own.
int flags_of_rest(int flags) { return (flags & ~(MSG_FASTOPEN | MSG_ZEROCOPY)) | MSG_NOSIGNAL; }

// Of a message of which a stop has cut what was sent. Descriptors and the like went with the first part.
ssize_t send_rest(int fd, const msghdr& message, int flags, size_t sent) {
  const auto call = [&](const iovec* list, size_t count) {
    msghdr rest = message;
    rest.msg_iov = const_cast<iovec*>(list);
    rest.msg_iovlen = count;
    rest.msg_control = nullptr;
    rest.msg_controllen = 0;
    return real().sendmsg(fd, &rest, flags_of_rest(flags));
  };
  return with_rest(BuffersLeft(message.msg_iov, message.msg_iovlen), sent, call, always);
}

size_t size_of(const msghdr& message) { return BuffersLeft(message.msg_iov, message.msg_iovlen).bytes(); }

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

CAIRN_INTERPOSE(ssize_t, sendto,
                (int fd, const void* buffer, size_t size, int flags, const sockaddr* peer, socklen_t length)) {
  int now = flags;
  const auto call = [&](const iovec* rest, size_t) {
    return real().sendto(fd, rest->iov_base, rest->iov_len, now, peer, length);
  };
  const iovec whole{const_cast<void*>(buffer), size};
  return transferred(&whole, 1, call, [&](const BuffersLeft&) {
    now = flags_of_rest(flags);
    return true;
  });
}
CAIRN_INTERPOSE(ssize_t, send, (int fd, const void* buffer, size_t size, int flags)) {
  return cairn_replaced_sendto(fd, buffer, size, flags, nullptr, 0);
}

CAIRN_INTERPOSE(ssize_t, sendmsg, (int fd, const msghdr* message, int flags)) {
  if (!hosted()) return real().sendmsg(fd, message, flags);
  bool cut = false;
  const ssize_t n = first_part(cut, [=] { return real().sendmsg(fd, message, flags); });
  return n <= 0 || !cut ? n : send_rest(fd, *message, flags, static_cast<size_t>(n));
}

// The kernel ends with the first message of which it could send a part only.
CAIRN_INTERPOSE(int, sendmmsg, (int fd, mmsghdr* messages, unsigned count, int flags)) {
  if (!hosted()) return real().sendmmsg(fd, messages, count, flags);
  for (unsigned done = 0;;) {
    bool cut = false;
    const int n = first_part(cut, [=] { return real().sendmmsg(fd, messages + done, count - done, flags); });
    if (n <= 0) return done > 0 ? static_cast<int>(done) : n;
    done += static_cast<unsigned>(n);
    if (!cut) return static_cast<int>(done);
    mmsghdr& last = messages[done - 1];
    const size_t size = size_of(last.msg_hdr);
    if (last.msg_len < size) last.msg_len = static_cast<unsigned>(send_rest(fd, last.msg_hdr, flags, last.msg_len));
    if (done >= count || last.msg_len < size) return static_cast<int>(done);
  }
}
