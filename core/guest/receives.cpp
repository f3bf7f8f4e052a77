// SPDX-License-Identifier: Apache-2.0
// Receiving and reading: a stop ends what waits for all that it has room for (MSG_WAITALL) once a part has come, and
// what waits at a socket with a time limit of its own (SO_RCVTIMEO). Repeating starts that limit anew.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "core/guest/export.hpp"
#include "core/guest/interrupted.hpp"
#include "core/guest/partly_done.hpp"
#include "core/guest/real.hpp"

using namespace cairn;
using namespace cairn::guest;

namespace {

int option(int fd, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  return getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : 0;
}

// True if a receiving call waits until all has come. In messages of a packet socket nothing is missing.
bool waits_for_all(int fd, int flags) {
  return (flags & MSG_WAITALL) != 0 && (flags & (MSG_DONTWAIT | MSG_OOB | MSG_ERRQUEUE)) == 0 &&
         (real().fcntl(fd, F_GETFL) & O_NONBLOCK) == 0 && option(fd, SO_TYPE) == SOCK_STREAM;
}

// Waits until there is something for a call that has received already, at most for as long as the socket lets it wait.
// False if the call ends with what it has: a handler of the program has run, or there is an error, which stays for the
// next call. The kernel, asked to receive the rest, would resume after a handler, and tell of the error for once.
bool more_comes(int fd, size_t wanted) {
  // Fewer are received than poll waits for.
  if (wanted < static_cast<size_t>(option(fd, SO_RCVLOWAT))) return true;
  timeval limit{};
  socklen_t size = sizeof limit;
  const bool limited =
      getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, &size) == 0 && (limit.tv_sec | limit.tv_usec) != 0;
  const timespec wait{limit.tv_sec, limit.tv_usec * 1000};
  pollfd look{fd, POLLIN, 0};
  const int found = repeated_for(limited ? &wait : nullptr,
                                 [&](const timespec* left) { return real().ppoll(&look, 1, left, nullptr); });
  return found > 0 && (look.revents & POLLERR) == 0;
}

// `call` takes a list and its length.
template <typename Call>
ssize_t received(int fd, int flags, const iovec* list, size_t count, Call call) {
  return transferred(list, count, call,
                     [=](const BuffersLeft& left) { return waits_for_all(fd, flags) && more_comes(fd, left.bytes()); });
}

// Looking at all that shall come does not take what has come: the whole is looked at again.
template <typename Call>
ssize_t looked_at(int fd, int flags, size_t wanted, Call call) {
  for (;;) {
    bool cut = false;
    const ssize_t n = first_part(cut, call);
    if (n <= 0 || !cut || static_cast<size_t>(n) >= wanted || !waits_for_all(fd, flags)) return n;
  }
}

// What comes with a message (control) ends it.
ssize_t receive_rest(int fd, msghdr& message, const msghdr& asked, int flags, size_t got) {
  const auto call = [&](const iovec* list, size_t count) {
    msghdr rest = asked;
    rest.msg_iov = const_cast<iovec*>(list);
    rest.msg_iovlen = count;
    const ssize_t n = real().recvmsg(fd, &rest, flags);
    if (n < 0) return n;
    message.msg_namelen = rest.msg_namelen;
    message.msg_controllen = rest.msg_controllen;
    message.msg_flags = rest.msg_flags;
    return n;
  };
  return with_rest(BuffersLeft(asked.msg_iov, asked.msg_iovlen), got, call, [&](const BuffersLeft& left) {
    return message.msg_controllen == 0 && waits_for_all(fd, flags) && more_comes(fd, left.bytes());
  });
}

ssize_t receive_message(int fd, msghdr* message, int flags) {
  if ((flags & MSG_WAITALL) == 0) return repeated([=] { return real().recvmsg(fd, message, flags); });
  const msghdr asked = *message;
  const auto call = [&] {
    *message = asked;
    return real().recvmsg(fd, message, flags);
  };
  if ((flags & MSG_PEEK) != 0) return looked_at(fd, flags, BuffersLeft(asked.msg_iov, asked.msg_iovlen).bytes(), call);
  bool cut = false;
  const ssize_t n = first_part(cut, call);
  return n <= 0 || !cut ? n : receive_rest(fd, *message, asked, flags, static_cast<size_t>(n));
}

bool is_over(const timespec* limit) { return limit != nullptr && limit->tv_sec == 0 && limit->tv_nsec == 0; }

// One message after the other as the kernel does it, `done` are received: the limit is looked at after each, and says
// what is left of it. A time with a stop in it does not count.
int receive_others(int fd, mmsghdr* messages, unsigned done, unsigned count, int flags, timespec* limit) {
  TimeLeft left(limit);
  for (; done < count; ++done) {
    if (done > 0 && (is_over(left.value()) || (messages[done - 1].msg_hdr.msg_flags & MSG_OOB) != 0)) break;
    const StopCheck check;
    left.started();
    if (done > 0 && !more_comes(fd, 1)) break;
    const ssize_t n = receive_message(fd, &messages[done].msg_hdr, flags);
    if (n < 0 && done == 0) return -1;
    if (n < 0) break;
    messages[done].msg_len = static_cast<unsigned>(n);
    if (!check.cut_short()) left.ended();
    if (limit != nullptr) *limit = *left.value();
  }
  return static_cast<int>(done);
}

bool is_valid(const timespec* limit) {
  return limit == nullptr || (limit->tv_sec >= 0 && limit->tv_nsec >= 0 && limit->tv_nsec < 1000000000);
}

}  // namespace

CAIRN_INTERPOSE(ssize_t, read, (int fd, void* buffer, size_t size)) {
  return repeated([=] { return real().read(fd, buffer, size); });
}
CAIRN_INTERPOSE(ssize_t, __read_chk, (int fd, void* buffer, size_t size, size_t room)) {
  if (room < size) __builtin_trap();  // what the fortified call checks
  return cairn_replaced_read(fd, buffer, size);
}
CAIRN_INTERPOSE(ssize_t, readv, (int fd, const iovec* list, int count)) {
  return repeated([=] { return real().readv(fd, list, count); });
}
CAIRN_INTERPOSE(ssize_t, preadv2, (int fd, const iovec* list, int count, off_t offset, int flags)) {
  return repeated([=] { return real().preadv2(fd, list, count, offset, flags); });
}
CAIRN_INTERPOSE_ALIAS(ssize_t, preadv64v2, preadv2, (int, const iovec*, int, off_t, int));

CAIRN_INTERPOSE(ssize_t, recv, (int fd, void* buffer, size_t size, int flags)) {
  if (!hosted()) return real().recv(fd, buffer, size, flags);
  if ((flags & MSG_PEEK) != 0) return looked_at(fd, flags, size, [=] { return real().recv(fd, buffer, size, flags); });
  const iovec whole{buffer, size};
  return received(fd, flags, &whole, 1,
                  [=](const iovec* rest, size_t) { return real().recv(fd, rest->iov_base, rest->iov_len, flags); });
}
CAIRN_INTERPOSE(ssize_t, __recv_chk, (int fd, void* buffer, size_t size, size_t room, int flags)) {
  if (room < size) __builtin_trap();
  return cairn_replaced_recv(fd, buffer, size, flags);
}

CAIRN_INTERPOSE(ssize_t, recvfrom, (int fd, void* buffer, size_t size, int flags, sockaddr* peer, socklen_t* length)) {
  if (!hosted()) return real().recvfrom(fd, buffer, size, flags, peer, length);
  if (peer == nullptr) return cairn_replaced_recv(fd, buffer, size, flags);
  if ((flags & MSG_WAITALL) == 0 || length == nullptr)
    return repeated([=] { return real().recvfrom(fd, buffer, size, flags, peer, length); });
  const socklen_t room = *length;
  const auto call = [=](const iovec* rest, size_t) {
    *length = room;
    return real().recvfrom(fd, rest->iov_base, rest->iov_len, flags, peer, length);
  };
  const iovec whole{buffer, size};
  if ((flags & MSG_PEEK) != 0) return looked_at(fd, flags, size, [&] { return call(&whole, 1); });
  return received(fd, flags, &whole, 1, call);
}
CAIRN_INTERPOSE(ssize_t, __recvfrom_chk,
                (int fd, void* buffer, size_t size, size_t room, int flags, sockaddr* peer, socklen_t* length)) {
  if (room < size) __builtin_trap();
  return cairn_replaced_recvfrom(fd, buffer, size, flags, peer, length);
}

CAIRN_INTERPOSE(ssize_t, recvmsg, (int fd, msghdr* message, int flags)) {
  return hosted() ? receive_message(fd, message, flags) : real().recvmsg(fd, message, flags);
}

// Where the kernel itself waits for a further message it notes its interruption as an error of the socket: the further
// ones are waited for here.
CAIRN_INTERPOSE(int, recvmmsg, (int fd, mmsghdr* messages, unsigned count, int flags, timespec* limit)) {
  if (!hosted() || count == 0 || (flags & (MSG_WAITFORONE | MSG_DONTWAIT | MSG_ERRQUEUE)) != 0 || !is_valid(limit))
    return repeated([=] { return real().recvmmsg(fd, messages, count, flags, limit); });
  if (waits_for_all(fd, flags)) return receive_others(fd, messages, 0, count, flags, limit);
  const int n = repeated([=] { return real().recvmmsg(fd, messages, count, flags | MSG_WAITFORONE, limit); });
  if (n <= 0 || static_cast<unsigned>(n) >= count || (real().fcntl(fd, F_GETFL) & O_NONBLOCK) != 0) return n;
  return receive_others(fd, messages, static_cast<unsigned>(n), count, flags, limit);
}
