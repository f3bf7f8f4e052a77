// SPDX-License-Identifier: Apache-2.0
// TCP sockets of one process: some that listen, connections with itself, by IPv4, IPv6 and both, with much and little
// under way, halves that are shut down, ends that are closed or reset, options, a thread that waits to accept.
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <string>
#include <thread>

#include "tests/lib/subject.hpp"

namespace {

const std::string again = "errno " + std::to_string(EAGAIN);

std::string take(int fd, std::size_t most = 1 << 20, int flags = MSG_DONTWAIT) {
  std::string text(most, '\0');
  const ssize_t n = recv(fd, text.data(), most, flags);
  if (n < 0) return "errno " + std::to_string(errno);
  text.resize(static_cast<std::size_t>(n));
  return text;
}

void put(int fd, const std::string& text) {
  CHECK_EQUAL(send(fd, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

int option(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  CHECK(getsockopt(fd, level, name, &value, &size) == 0);
  return value;
}

void set(int fd, int level, int name, int value) { CHECK(setsockopt(fd, level, name, &value, sizeof value) == 0); }

struct Address {
  sockaddr_storage bytes{};
  socklen_t size = sizeof bytes;
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&bytes); }
  bool operator==(const Address& other) const { return size == other.size && memcmp(&bytes, &other.bytes, size) == 0; }
};

Address own(int fd) {
  Address a;
  CHECK(getsockname(fd, a.get(), &a.size) == 0);
  return a;
}

Address peer(int fd) {
  Address a;
  CHECK(getpeername(fd, a.get(), &a.size) == 0);
  return a;
}

Address loopback(int family, in_port_t port = 0) {
  Address a;
  a.bytes.ss_family = static_cast<sa_family_t>(family);
  if (family == AF_INET) {
    auto& four = reinterpret_cast<sockaddr_in&>(a.bytes);
    four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    four.sin_port = port;
    a.size = sizeof four;
  } else {
    auto& six = reinterpret_cast<sockaddr_in6&>(a.bytes);
    six.sin6_addr = in6addr_loopback;
    six.sin6_port = port;
    a.size = sizeof six;
  }
  return a;
}

int listening(int family, int backlog) {
  const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Address a = loopback(family);
  set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (family == AF_INET6) reinterpret_cast<sockaddr_in6&>(a.bytes).sin6_addr = in6addr_any;  // of IPv4, too
  CHECK(bind(fd, a.get(), a.size) == 0 && listen(fd, backlog) == 0);
  return fd;
}

in_port_t port_of(int fd) {
  const Address a = own(fd);  // at the same place in both
  return reinterpret_cast<const sockaddr_in&>(a.bytes).sin_port;
}

struct Connection {
  int client = -1, server = -1;
  Connection(int listener, int family = AF_INET) {
    client = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    Address to = loopback(family, port_of(listener));
    CHECK(connect(client, to.get(), to.size) == 0);
    server = accept4(listener, nullptr, nullptr, 0);
    CHECK(server >= 0);
  }
};

// As much as there is room for, in small pieces.
std::string fill(int fd) {
  std::string all;
  for (unsigned i = 0;; ++i) {
    std::string piece;
    for (unsigned j = 0; j < 1000; ++j) piece += static_cast<char>(i * 7 + j * 31 + (i >> 8));
    const ssize_t n = send(fd, piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0) break;
    all += piece.substr(0, static_cast<std::size_t>(n));
  }
  CHECK(errno == EAGAIN);
  return all;
}

std::string take_all(int fd, std::size_t size) {
  std::string all;
  pollfd ready{fd, POLLIN, 0};
  while (all.size() < size && poll(&ready, 1, 5000) == 1) {
    const std::string more = take(fd);
    if (more.empty()) break;
    all += more;
  }
  return all;
}

}  // namespace

int main(int, char** argv) {
  const int listener = listening(AF_INET, 7), dual = listening(AF_INET6, 100), waited_at = listening(AF_INET, 5);
  const Address listens_at = own(listener);
  set(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, 0);
  const Connection plain(listener), much(listener), half(listener), closed(listener), ended(listener), lost(listener),
      busy(listener), both_ways(listener), alone(listener);
  const Connection closed_empty(listener), closed_server(listener);
  const Connection six(dual, AF_INET6), mixed(dual, AF_INET);
  const Address client_at = own(plain.client), server_at = own(plain.server), mixed_peer = peer(mixed.server);
  put(plain.client, "one way, ");
  put(plain.client, "in two parts");
  put(plain.server, "and back");
  pollfd ready{plain.server, POLLIN, 0};
  CHECK(poll(&ready, 1, -1) == 1 && take(plain.server, 4) == "one ");
  const std::string sent = fill(much.client), one = fill(both_ways.client), other = fill(both_ways.server);
  CHECK(sent.size() > 200000);
  put(half.client, "last words");
  CHECK(shutdown(half.client, SHUT_WR) == 0);
  put(closed.client, "gone");
  close(closed.client);
  close(closed_empty.client);
  close(closed_server.server);
  CHECK(shutdown(ended.client, SHUT_WR) == 0 && shutdown(ended.server, SHUT_WR) == 0);
  const linger at_once{1, 0};
  CHECK(setsockopt(lost.client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0 && close(lost.client) == 0);
  ready = {lost.server, POLLIN, 0};
  CHECK(poll(&ready, 1, -1) == 1 && take(lost.server) == "errno " + std::to_string(ECONNRESET));
  put(six.client, "six");
  put(mixed.server, "four");
  const int early = dup(alone.server);
  // A listener whose connections outlive it.
  const int short_lived = listening(AF_INET, 1);
  const Connection orphan(short_lived);
  close(short_lived);
  put(orphan.client, "nobody listens");

  set(plain.client, IPPROTO_TCP, TCP_NODELAY, 1);
  set(plain.client, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(plain.client, IPPROTO_TCP, TCP_KEEPIDLE, 77);
  set(plain.server, SOL_SOCKET, SO_RCVBUF, 50000);
  const int buffer = option(plain.server, SOL_SOCKET, SO_RCVBUF);
  const timeval limit{1234, 500000};
  CHECK(setsockopt(plain.server, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
  CHECK(fcntl(plain.client, F_SETFL, O_RDWR | O_NONBLOCK) == 0);
  const int fresh = socket(AF_INET, SOCK_STREAM, 0), bound = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
  set(bound, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  Address anywhere = loopback(AF_INET6);
  CHECK(bind(bound, anywhere.get(), anywhere.size) == 0);
  const Address bound_at = own(bound);

  // Found by its interface only.
  const Connection on_interface(listener);
  CHECK(setsockopt(on_interface.client, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3) == 0);
  put(on_interface.client, "by lo");

  std::string came;
  std::thread waiter([&] {
    const int accepted = accept(waited_at, nullptr, nullptr);
    came = accepted < 0 ? "errno " + std::to_string(errno) : take(accepted, 100, 0);
  });
  unsigned long steps = 0;
  subject::stay_until_asked(argv[1], [&] {
    const std::string step = std::to_string(++steps);
    put(busy.client, step);
    CHECK(take(busy.server, step.size(), MSG_WAITALL) == step);
    subject::nap();
  });

  CHECK(came.empty());
  const int late = socket(AF_INET, SOCK_STREAM, 0);
  Address to = own(waited_at);
  CHECK(connect(late, to.get(), to.size) == 0);
  put(late, "at last");
  waiter.join();
  CHECK(came == "at last");

  CHECK(own(listener) == listens_at);
  CHECK_EQUAL(option(listener, SOL_SOCKET, SO_ACCEPTCONN), 1);
  CHECK((fcntl(listener, F_GETFD) & FD_CLOEXEC) != 0);
  tcp_info info{};
  socklen_t size = sizeof info;
  CHECK(getsockopt(listener, IPPROTO_TCP, TCP_INFO, &info, &size) == 0);
  CHECK_EQUAL(info.tcpi_sacked, 7u);  // the backlog
  const Connection anew(listener);
  put(anew.client, "new");
  CHECK(take(anew.server, 3, MSG_WAITALL) == "new");

  CHECK(own(plain.client) == client_at && peer(plain.server) == client_at);
  CHECK(own(plain.server) == server_at && peer(plain.client) == server_at);
  CHECK(peer(mixed.server) == mixed_peer);
  CHECK(take(plain.server, 5) == "way, " && take(plain.server) == "in two parts" && take(plain.server) == again);
  CHECK(take(plain.client) == "and back" && take(plain.client) == again);
  put(plain.client, "more");
  CHECK(take(plain.server, 4, MSG_WAITALL) == "more");
  CHECK_EQUAL(option(plain.client, IPPROTO_TCP, TCP_NODELAY), 1);
  CHECK_EQUAL(option(plain.server, IPPROTO_TCP, TCP_NODELAY), 0);
  CHECK_EQUAL(option(plain.client, IPPROTO_TCP, TCP_KEEPIDLE), 77);
  CHECK_EQUAL(option(plain.client, SOL_SOCKET, SO_KEEPALIVE), 1);
  CHECK_EQUAL(option(plain.server, SOL_SOCKET, SO_RCVBUF), buffer);
  CHECK_EQUAL(option(plain.server, SOL_SOCKET, SO_RCVLOWAT), 1);
  timeval now{};
  size = sizeof now;
  CHECK(getsockopt(plain.server, SOL_SOCKET, SO_RCVTIMEO, &now, &size) == 0);
  CHECK_EQUAL(now.tv_sec, 1234);
  CHECK((fcntl(plain.client, F_GETFL) & O_NONBLOCK) != 0 && (fcntl(plain.server, F_GETFL) & O_NONBLOCK) == 0);

  CHECK(take_all(much.server, sent.size()) == sent && take(much.server) == again);
  CHECK(take_all(both_ways.server, one.size()) == one && take_all(both_ways.client, other.size()) == other);
  put(much.client, "and on");
  CHECK(take(much.server, 6, MSG_WAITALL) == "and on");
  CHECK(take(half.server) == "last words" && take(half.server).empty());
  CHECK(send(half.client, "x", 1, MSG_NOSIGNAL) < 0 && errno == EPIPE);
  put(half.server, "still open");
  CHECK(take(half.client, 10, MSG_WAITALL) == "still open");
  CHECK(take(closed.server) == "gone" && take(closed.server).empty());
  CHECK(take(closed_empty.server).empty() && take(closed_server.client).empty());
  CHECK(peer(closed_server.client) == server_at);
  for (const int fd : {ended.client, ended.server, lost.server}) {
    CHECK(take(fd).empty());
    CHECK(send(fd, "x", 1, MSG_NOSIGNAL) < 0 && errno == EPIPE);
  }
  CHECK(take(six.server, 3, MSG_WAITALL) == "six" && take(mixed.client, 4, MSG_WAITALL) == "four");
  CHECK(take(orphan.server, 14, MSG_WAITALL) == "nobody listens");
  put(alone.client, "by a copy");
  CHECK(take(early, 9, MSG_WAITALL) == "by a copy");

  char interface[16] = "";
  size = sizeof interface;
  CHECK(getsockopt(on_interface.client, SOL_SOCKET, SO_BINDTODEVICE, interface, &size) == 0);
  CHECK(strcmp(interface, "lo") == 0);
  CHECK(take(on_interface.server, 5, MSG_WAITALL) == "by lo");
  put(on_interface.server, "back");
  CHECK(take(on_interface.client, 4, MSG_WAITALL) == "back");

  CHECK(own(bound) == bound_at);
  CHECK_EQUAL(option(bound, IPPROTO_IPV6, IPV6_V6ONLY), 1);
  CHECK(listen(bound, 1) == 0);
  Address back = listens_at;
  CHECK(connect(fresh, back.get(), back.size) == 0);
  return subject::verdict();
}
