// SPDX-License-Identifier: Apache-2.0
// UDP sockets: bound, connected and neither, of IPv4, IPv6 and both, with datagrams that have not been received, some
// of them from sockets that are closed.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <string>
#include <thread>

#include "tests/lib/subject.hpp"

namespace {

const std::string again = "errno " + std::to_string(EAGAIN);

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

// The same port at the loopback address.
Address loopback(int family, int of = -1) {
  Address a;
  a.bytes.ss_family = static_cast<sa_family_t>(family);
  const Address bound = of >= 0 ? own(of) : Address();
  const in_port_t port = reinterpret_cast<const sockaddr_in&>(bound.bytes).sin_port;
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

int bound_to(Address at) {
  const int fd = socket(at.bytes.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  CHECK(bind(fd, at.get(), at.size) == 0);
  return fd;
}

int any(int family) {
  Address a = loopback(family);
  if (family == AF_INET) reinterpret_cast<sockaddr_in&>(a.bytes).sin_addr.s_addr = 0;
  if (family == AF_INET6) reinterpret_cast<sockaddr_in6&>(a.bytes).sin6_addr = in6addr_any;
  return bound_to(a);
}

void put(int fd, Address to, const std::string& text) {
  CHECK_EQUAL(sendto(fd, text.data(), text.size(), 0, to.get(), to.size), static_cast<ssize_t>(text.size()));
}

std::string take(int fd, Address* from = nullptr, int flags = MSG_DONTWAIT) {
  std::string text(70000, '\0');
  Address a;
  const ssize_t n = recvfrom(fd, text.data(), text.size(), flags, a.get(), &a.size);
  if (n < 0) return "errno " + std::to_string(errno);
  if (from != nullptr) *from = a;
  text.resize(static_cast<std::size_t>(n));
  return text;
}

int option(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  CHECK(getsockopt(fd, level, name, &value, &size) == 0);
  return value;
}

void set(int fd, int level, int name, int value) { CHECK(setsockopt(fd, level, name, &value, sizeof value) == 0); }

// Three at once, which the kernel keeps together for who asks for that, if it does.
void put_together(int to) {
  Address at = own(to);
  const int sender = bound_to(loopback(AF_INET));
  set(to, IPPROTO_UDP, UDP_GRO, 1);
  set(sender, IPPROTO_UDP, UDP_SEGMENT, 500);
  put(sender, at, std::string(500, 'a') + std::string(500, 'b') + std::string(200, 'c'));
  close(sender);
}

void take_together(int fd) {
  const std::string pieces[] = {std::string(500, 'a'), std::string(500, 'b'), std::string(200, 'c')};
  std::string all;
  for (int i = 0; i < 3 && all.size() < 1200; ++i) {
    const std::string next = take(fd);
    CHECK(next == pieces[0] + pieces[1] + pieces[2] || next == pieces[i]);
    all += next;
  }
  CHECK_EQUAL(all.size(), 1200u);
  CHECK(take(fd) == again);
}

}  // namespace

int main(int, char** argv) {
  const int a = bound_to(loopback(AF_INET)), b = bound_to(loopback(AF_INET)), server = any(AF_INET),
            six = any(AF_INET6);
  const int client = socket(AF_INET, SOCK_DGRAM, 0), fresh = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  Address to_server = loopback(AF_INET, server);
  CHECK(connect(client, to_server.get(), to_server.size) == 0);
  const Address at_a = own(a), at_b = own(b), at_client = own(client), at_server = own(server);
  put(a, at_b, "first");
  put(a, at_b, "");
  put(a, at_b, std::string(60000, 'x'));
  put(b, at_a, "back");
  CHECK(send(client, "request", 7, 0) == 7);
  const int gone = bound_to(loopback(AF_INET));
  const Address at_gone = own(gone);
  put(gone, to_server, "from the dead");
  close(gone);
  const int four = bound_to(loopback(AF_INET)), other_six = bound_to(loopback(AF_INET6));
  put(four, loopback(AF_INET, six), "IPv4");
  put(other_six, loopback(AF_INET6, six), "IPv6");
  set(a, SOL_SOCKET, SO_BROADCAST, 1);
  set(a, IPPROTO_IP, IP_TOS, 0x10);
  set(b, SOL_SOCKET, SO_RCVBUF, 300000);
  set(b, IPPROTO_IP, IP_PKTINFO, 1);
  set(server, SOL_SOCKET, SO_REUSEADDR, 1);
  const int buffer = option(b, SOL_SOCKET, SO_RCVBUF);
  const int waited = bound_to(loopback(AF_INET)), busy = bound_to(loopback(AF_INET));
  const Address at_busy = own(busy);
  std::string came;
  std::thread waiter([&] { came = take(waited, nullptr, 0); });
  const int together = bound_to(loopback(AF_INET)), corked = bound_to(loopback(AF_INET));
  put_together(together);
  set(corked, IPPROTO_UDP, UDP_CORK, 1);
  unsigned long steps = 0;
  subject::stay_until_asked(argv[1], [&] {
    const std::string step = std::to_string(++steps);
    put(busy, at_busy, step);
    CHECK(take(busy) == step);
    subject::nap();
  });

  CHECK(came.empty());
  put(a, own(waited), "at last");
  waiter.join();
  CHECK(came == "at last");
  CHECK(own(a) == at_a && own(b) == at_b && own(client) == at_client && own(server) == at_server);
  Address from;
  CHECK(take(b, &from) == "first" && from == at_a);
  CHECK(take(b).empty() && take(b) == std::string(60000, 'x') && take(b) == again);
  CHECK(take(a, &from) == "back" && from == at_b);
  CHECK(take(server, &from) == "request" && from == at_client);
  put(server, from, "answer");
  CHECK(take(client) == "answer");
  CHECK(take(server, &from) == "from the dead" && from == at_gone && take(server) == again);
  CHECK(take(six, &from) == "IPv4" && from.bytes.ss_family == AF_INET6);
  CHECK(take(six, &from) == "IPv6" && from == own(other_six));
  CHECK_EQUAL(option(a, SOL_SOCKET, SO_BROADCAST), 1);
  CHECK_EQUAL(option(a, IPPROTO_IP, IP_TOS), 0x10);
  CHECK_EQUAL(option(a, SOL_SOCKET, SO_REUSEADDR), 0);
  CHECK_EQUAL(option(server, SOL_SOCKET, SO_REUSEADDR), 1);
  CHECK_EQUAL(option(b, SOL_SOCKET, SO_RCVBUF), buffer);
  CHECK_EQUAL(option(b, IPPROTO_IP, IP_PKTINFO), 1);
  CHECK_EQUAL(option(b, SOL_SOCKET, SO_PEEK_OFF), -1);
  take_together(together);
  CHECK_EQUAL(option(corked, IPPROTO_UDP, UDP_CORK), 1);
  put(corked, at_a, "one, ");
  put(corked, at_a, "two");
  CHECK(take(a) == again);
  set(corked, IPPROTO_UDP, UDP_CORK, 0);
  CHECK(take(a) == "one, two");
  CHECK((fcntl(fresh, F_GETFL) & O_NONBLOCK) != 0 && take(fresh) == again);
  CHECK((fcntl(a, F_GETFD) & FD_CLOEXEC) != 0);
  put(fresh, at_a, "hello");
  CHECK(take(a, nullptr, 0) == "hello");
  return subject::verdict();
}
