// SPDX-License-Identifier: Apache-2.0
// Calls that go on until all is sent or received, each in a thread of its own with its own pipe or sockets: what is
// begun with begin() has done a part and waits; end() does the other side, and checks result and bytes.
#pragma once

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>

namespace cairn::test {

constexpr size_t kTransferred = 1000000, kDatagram = 100, kBegun = 5000;

struct Transfer {
  enum Way { kToPipe, kToStream, kFromStream, kFromDatagrams, kWaiting };

  const char* name;
  Way way;
  size_t size;                         // bytes that are transferred in all
  long (*call)(int fd, char* buffer);  // returns how many it has

  int near = -1, far = -1;
  char* buffer = nullptr;
  long result = 0;
  pthread_t thread{};
  std::atomic<bool> over{false};
};

inline char byte_at(size_t place) { return static_cast<char>(place * 7 + place / 251); }

[[noreturn]] inline void transfer_failed(const Transfer& transfer, const char* what, long value) {
  fprintf(stderr, "FAIL %s: %s %ld\n", transfer.name, what, value);
  _exit(1);
}

// Two buffers, the second longer, behind which there is an empty one.
struct TwoBuffers {
  TwoBuffers(char* buffer, size_t size)
      : list{{buffer, size / 3}, {nullptr, 0}, {buffer + size / 3, size - size / 3}, {nullptr, 0}} {
    message.msg_iov = list;
    message.msg_iovlen = 4;
  }
  msghdr* as_message() { return &message; }

  iovec list[4];
  msghdr message{};
};

template <typename Call>
long of_two_messages(char* buffer, size_t size, Call call) {
  TwoBuffers first(buffer, size), second(buffer + size, size);
  mmsghdr messages[2] = {{first.message, 0}, {second.message, 0}};
  const int count = call(messages);
  if (count != 2) return count < 0 ? -1 : count;
  return messages[0].msg_len + messages[1].msg_len;
}

inline int file_with(const char* buffer, size_t size) {
  const int file = memfd_create("transferred", 0);
  if (write(file, buffer, size) != static_cast<ssize_t>(size)) _exit(1);
  return file;
}

inline long splice_whole(int fd, char* buffer) {
  int ends[2];
  if (pipe(ends) != 0 || fcntl(ends[1], F_SETPIPE_SZ, 1 << 20) < 0) return -2;
  if (write(ends[1], buffer, kTransferred) != static_cast<ssize_t>(kTransferred)) return -3;
  const long n = splice(ends[0], nullptr, fd, nullptr, 2 * kTransferred, 0);
  close(ends[0]);
  close(ends[1]);
  return n;
}

inline long wait_for_event(int fd, const timespec* limit, bool raw) {
  epoll_event event{};
  event.events = EPOLLIN;
  const int epoll = epoll_create1(0);
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  const long n = raw ? syscall(SYS_epoll_pwait2, epoll, &event, 1, limit, nullptr, 8)
                     : epoll_pwait2(epoll, &event, 1, limit, nullptr);
  close(epoll);
  return n;
}

inline constexpr timespec kHour{3600, 0};

inline Transfer* transfers(size_t& count) {
  using T = Transfer;
  constexpr size_t n = kTransferred;
  static Transfer all[] = {
      {"write", T::kToPipe, n, [](int fd, char* b) -> long { return write(fd, b, n); }},
      {"writev", T::kToPipe, n, [](int fd, char* b) -> long { return writev(fd, TwoBuffers(b, n).list, 4); }},
      {"pwritev2", T::kToPipe, n,
       [](int fd, char* b) -> long { return pwritev2(fd, TwoBuffers(b, n).list, 4, -1, 0); }},
      {"writev to a socket", T::kToStream, n,
       [](int fd, char* b) -> long { return writev(fd, TwoBuffers(b, n).list, 4); }},
      {"send", T::kToStream, n, [](int fd, char* b) -> long { return send(fd, b, n, 0); }},
      {"sendto", T::kToStream, n, [](int fd, char* b) -> long { return sendto(fd, b, n, 0, nullptr, 0); }},
      {"sendmsg", T::kToStream, n,
       [](int fd, char* b) -> long { return sendmsg(fd, TwoBuffers(b, n).as_message(), 0); }},
      {"sendmmsg", T::kToStream, n,
       [](int fd, char* b) { return of_two_messages(b, n / 2, [=](mmsghdr* m) { return sendmmsg(fd, m, 2, 0); }); }},
      {"sendfile", T::kToStream, n,
       [](int fd, char* b) -> long {
         off_t offset = 0;
         const int file = file_with(b, n);
         const long sent = sendfile(fd, file, &offset, n);
         close(file);
         return offset == sent ? sent : -2;
       }},
      {"splice", T::kToStream, n, splice_whole},
      {"recv", T::kFromStream, n, [](int fd, char* b) -> long { return recv(fd, b, n, MSG_WAITALL); }},
      {"recvfrom", T::kFromStream, n,
       [](int fd, char* b) -> long {
         sockaddr_storage peer{};
         socklen_t length = sizeof peer;
         return recvfrom(fd, b, n, MSG_WAITALL, reinterpret_cast<sockaddr*>(&peer), &length);
       }},
      {"recvmsg", T::kFromStream, n,
       [](int fd, char* b) -> long { return recvmsg(fd, TwoBuffers(b, n).as_message(), MSG_WAITALL); }},
      {"recvmmsg of a stream", T::kFromStream, n,
       [](int fd, char* b) {
         return of_two_messages(b, n / 2, [=](mmsghdr* m) { return recvmmsg(fd, m, 2, MSG_WAITALL, nullptr); });
       }},
      {"recvmmsg", T::kFromDatagrams, 2 * kDatagram,
       [](int fd, char* b) {
         return of_two_messages(b, kDatagram, [=](mmsghdr* m) { return recvmmsg(fd, m, 2, 0, nullptr); });
       }},
      {"recvmmsg with a limit", T::kFromDatagrams, 2 * kDatagram,
       [](int fd, char* b) {
         return of_two_messages(b, kDatagram, [=](mmsghdr* m) {
           timespec limit = kHour;
           return recvmmsg(fd, m, 2, 0, &limit);
         });
       }},
      {"epoll_pwait2", T::kWaiting, 1, [](int fd, char*) { return wait_for_event(fd, nullptr, false); }},
      {"epoll_pwait2 with a limit", T::kWaiting, 1, [](int fd, char*) { return wait_for_event(fd, &kHour, false); }},
      {"syscall(SYS_epoll_pwait2)", T::kWaiting, 1, [](int fd, char*) { return wait_for_event(fd, nullptr, true); }},
      {"syscall(SYS_epoll_pwait2) with a limit", T::kWaiting, 1,
       [](int fd, char*) { return wait_for_event(fd, &kHour, true); }},
  };
  count = sizeof all / sizeof all[0];
  return all;
}

inline void* transfer_in_thread(void* raw) {
  auto& transfer = *static_cast<Transfer*>(raw);
  transfer.result = transfer.call(transfer.near, transfer.buffer);
  transfer.over = true;
  return nullptr;
}

inline bool receives(const Transfer& transfer) { return transfer.way >= Transfer::kFromStream; }

// Returns when the call has done the part that it can do.
inline void begin(Transfer& transfer) {
  int ends[2];
  const bool pipes = transfer.way == Transfer::kToPipe || transfer.way == Transfer::kWaiting;
  const int type = transfer.way == Transfer::kFromDatagrams ? SOCK_DGRAM : SOCK_STREAM;
  if ((pipes ? pipe(ends) : socketpair(AF_UNIX, type, 0, ends)) != 0) transfer_failed(transfer, "begin", 0);
  transfer.near = ends[receives(transfer) || !pipes ? 0 : 1];
  transfer.far = ends[receives(transfer) || !pipes ? 1 : 0];
  transfer.buffer = static_cast<char*>(calloc(1, transfer.size));
  for (size_t i = 0; i < transfer.size && !receives(transfer); ++i) transfer.buffer[i] = byte_at(i);
  pthread_create(&transfer.thread, nullptr, transfer_in_thread, &transfer);
  const size_t first = transfer.way == Transfer::kFromStream ? kBegun : kDatagram;
  if (transfer.way == Transfer::kWaiting) return;
  if (receives(transfer)) {
    char part[kBegun];
    for (size_t i = 0; i < first; ++i) part[i] = byte_at(i);
    if (send(transfer.far, part, first, 0) != static_cast<ssize_t>(first)) transfer_failed(transfer, "first part", 0);
  }
  // Sent: something is there; received: nothing is left.
  for (int waiting = 0;; usleep(1000)) {
    ioctl(receives(transfer) ? transfer.near : transfer.far, FIONREAD, &waiting);
    if ((waiting == 0) == receives(transfer)) return;
  }
}

inline void send_others(Transfer& transfer) {
  const bool packets = transfer.way == Transfer::kFromDatagrams;
  char part[kBegun];
  for (size_t place = packets ? kDatagram : kBegun; place < transfer.size;) {
    const size_t size = packets ? kDatagram : kBegun;
    for (size_t i = 0; i < size; ++i) part[i] = byte_at(place + i);
    if (send(transfer.far, part, size, 0) != static_cast<ssize_t>(size)) transfer_failed(transfer, "other side", 0);
    place += size;
  }
}

inline void receive_all(Transfer& transfer) {
  static char part[1 << 16];
  fcntl(transfer.far, F_SETFL, O_NONBLOCK);
  for (size_t place = 0; place < transfer.size;) {
    const ssize_t n = read(transfer.far, part, sizeof part);
    if (n <= 0 && transfer.over && place < transfer.size && read(transfer.far, part, 0) <= 0) {
      int left = 0;
      if (ioctl(transfer.far, FIONREAD, &left) == 0 && left == 0)
        transfer_failed(transfer, "sent only", transfer.result);
    }
    if (n <= 0) usleep(1000);
    for (ssize_t i = 0; i < n; ++i)
      if (part[i] != byte_at(place++)) transfer_failed(transfer, "wrong byte at", static_cast<long>(place - 1));
  }
}

inline void end(Transfer& transfer) {
  if (transfer.over) transfer_failed(transfer, "ended early with", transfer.result);
  if (transfer.way == Transfer::kWaiting) {
    if (write(transfer.far, "x", 1) != 1) transfer_failed(transfer, "other side", 0);
  } else if (receives(transfer)) {
    send_others(transfer);
  } else {
    receive_all(transfer);
  }
  pthread_join(transfer.thread, nullptr);
  if (transfer.result != static_cast<long>(transfer.size)) transfer_failed(transfer, "returned", transfer.result);
  for (size_t i = 0; i < transfer.size && receives(transfer) && transfer.way != Transfer::kWaiting; ++i)
    if (transfer.buffer[i] != byte_at(i)) transfer_failed(transfer, "wrong byte at", static_cast<long>(i));
  close(transfer.near);
  close(transfer.far);
  free(transfer.buffer);
}

}  // namespace cairn::test
