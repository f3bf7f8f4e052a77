// SPDX-License-Identifier: Apache-2.0
// Pairs of Unix sockets: streams, messages and datagrams that have not been received, halves that are shut down, ends
// that are closed, options, a thread that waits.
#include <errno.h>
#include <fcntl.h>
#include <linux/net_tstamp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <string>
#include <thread>

#include "tests/lib/subject.hpp"

namespace {

struct Pair {
  int a = -1, b = -1;
  explicit Pair(int type) {
    int ends[2];
    CHECK(socketpair(AF_UNIX, type, 0, ends) == 0);
    a = ends[0];
    b = ends[1];
  }
};

void put(int fd, const std::string& text) {
  CHECK_EQUAL(send(fd, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

std::string take(int fd, std::size_t most = 1 << 20, int flags = MSG_DONTWAIT) {
  std::string text(most, '\0');
  const ssize_t n = recv(fd, text.data(), most, flags);
  if (n < 0) return "errno " + std::to_string(errno);
  text.resize(static_cast<std::size_t>(n));
  return text;
}

int option(int fd, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  CHECK(getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0);
  return value;
}

void set(int fd, int name, int value) { CHECK(setsockopt(fd, SOL_SOCKET, name, &value, sizeof value) == 0); }

const std::string again = "errno " + std::to_string(EAGAIN);

}  // namespace

int main(int, char** argv) {
  const Pair stream(SOCK_STREAM | SOCK_NONBLOCK), messages(SOCK_SEQPACKET), datagrams(SOCK_DGRAM | SOCK_CLOEXEC);
  put(stream.a, "one way, ");
  put(stream.a, "in two parts");
  put(stream.b, "and back");
  CHECK(take(stream.b, 4) == "one ");
  for (const char* text : {"first", "second and longer", "3"}) {
    put(messages.a, text);
    put(datagrams.b, text);
  }
  put(datagrams.b, "");
  put(datagrams.b, "after nothing");
  const Pair large(SOCK_STREAM | SOCK_NONBLOCK);
  set(large.a, SO_SNDBUF, 1 << 17);
  const int buffer = option(large.a, SO_SNDBUF);
  std::string much;
  for (int i = 0; i < 50000; ++i) much += static_cast<char>(i * 31 >> 3);
  put(large.a, much);
  const Pair half(SOCK_STREAM), closed(SOCK_STREAM), closed_messages(SOCK_SEQPACKET), empty(SOCK_DGRAM);
  put(half.a, "last words");
  CHECK(shutdown(half.a, SHUT_WR) == 0);
  put(closed.a, "gone");
  close(closed.a);
  put(closed_messages.b, "message");
  close(closed_messages.b);
  set(empty.a, SO_PASSCRED, 1);
  const timeval limit{1234, 500000};
  CHECK(setsockopt(empty.b, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
  constexpr int kPassPidfd = 76;
  const Pair with_pidfds(SOCK_DGRAM);
  const int on = 1;
  const bool has_pidfds = setsockopt(with_pidfds.b, SOL_SOCKET, kPassPidfd, &on, sizeof on) == 0;
  put(with_pidfds.a, "by whom");
  const Pair with_times(SOCK_DGRAM);
  set(with_times.b, SO_TIMESTAMP, 1);
  set(with_times.a, SO_TIMESTAMPING, SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE);
  put(with_times.a, "when");
  put(with_times.b, "and when");
  const int copy = dup(stream.b);
  const Pair awaited(SOCK_STREAM), busy(SOCK_SEQPACKET);
  std::string came;
  std::thread waiter([&] { came = take(awaited.b, 100, 0); });
  unsigned long steps = 0;
  subject::stay_until_asked(argv[1], [&] {
    const std::string step = std::to_string(++steps);
    put(busy.a, step);
    CHECK(take(busy.b) == step);
    subject::nap();
  });

  CHECK(came.empty());
  put(awaited.a, "at last");
  waiter.join();
  CHECK(came == "at last");
  CHECK(take(stream.b, 5) == "way, ");
  CHECK(take(copy) == "in two parts");
  CHECK(take(stream.a) == "and back" && take(stream.a) == again);
  put(stream.a, "more");
  CHECK(take(stream.b) == "more");
  for (const char* text : {"first", "second and longer"}) {
    CHECK(take(messages.b) == text);
    CHECK(take(datagrams.a) == text);
  }
  CHECK(take(messages.b) == "3" && take(messages.b) == again);
  CHECK(take(datagrams.a) == "3" && take(datagrams.a).empty() && take(datagrams.a) == "after nothing");
  CHECK(take(datagrams.a) == again);
  put(datagrams.a, "the other way");
  CHECK(take(datagrams.b) == "the other way");
  CHECK((fcntl(datagrams.a, F_GETFD) & FD_CLOEXEC) != 0 && (fcntl(stream.a, F_GETFL) & O_NONBLOCK) != 0 &&
        (fcntl(messages.a, F_GETFL) & O_NONBLOCK) == 0);
  CHECK_EQUAL(option(large.a, SO_SNDBUF), buffer);
  CHECK(take(large.b) == much);
  CHECK(take(half.b) == "last words" && take(half.b).empty());
  CHECK(send(half.a, "x", 1, MSG_NOSIGNAL) < 0 && errno == EPIPE);
  put(half.b, "still open");
  CHECK(take(half.a) == "still open");
  CHECK(take(closed.b) == "gone" && take(closed.b).empty());
  CHECK(send(closed.b, "x", 1, MSG_NOSIGNAL) < 0 && errno == EPIPE);
  CHECK(take(closed_messages.a) == "message" && take(closed_messages.a).empty());
  CHECK(!has_pidfds || option(with_pidfds.b, kPassPidfd) == 1);
  CHECK(take(with_pidfds.b) == "by whom");
  CHECK_EQUAL(option(with_times.b, SO_TIMESTAMP), 1);
  CHECK_EQUAL(option(with_times.a, SO_TIMESTAMPING), SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE);
  CHECK(take(with_times.b) == "when" && take(with_times.a) == "and when");
  CHECK_EQUAL(option(empty.a, SO_PASSCRED), 1);
  CHECK_EQUAL(option(empty.b, SO_PEEK_OFF), -1);
  timeval now{};
  socklen_t size = sizeof now;
  CHECK(getsockopt(empty.b, SOL_SOCKET, SO_RCVTIMEO, &now, &size) == 0);
  CHECK_EQUAL(now.tv_sec, 1234);
  CHECK(take(empty.a) == again);
  return subject::verdict();
}
