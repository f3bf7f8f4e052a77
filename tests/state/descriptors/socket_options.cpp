// SPDX-License-Identifier: Apache-2.0
// Options of sockets: each is set to what nobody has by chance, on sockets of all kinds, and is the same afterwards.
// Those that the kernel does not know, or does not let this user set, are left out.
#include <errno.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <string>
#include <vector>

#include "tests/lib/subject.hpp"

namespace {

struct Setting {
  int level, name;
  std::string value;
};

std::string number(int value) { return {reinterpret_cast<const char*>(&value), sizeof value}; }

template <class Value>
std::string bytes(const Value& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string told(int fd, int level, int name) {
  char text[256] = "";
  socklen_t size = sizeof text;
  if (getsockopt(fd, level, name, text, &size) != 0) return "errno " + std::to_string(errno);
  return {text, size};
}

struct Expected {
  int fd;
  Setting setting;
};
std::vector<Expected> expected;

// How many of them could be set.
std::size_t set_all(int fd, const std::vector<Setting>& settings) {
  const std::size_t before = expected.size();
  for (const Setting& s : settings) {
    const std::string was = told(fd, s.level, s.name);
    if (setsockopt(fd, s.level, s.name, s.value.data(), static_cast<socklen_t>(s.value.size())) != 0) continue;
    const std::string now = told(fd, s.level, s.name);
    if (now != was) expected.push_back({fd, {s.level, s.name, now}});
  }
  return expected.size() - before;
}

// Numbers of Linux 5.11 and later, which the C library may not have.
enum {
  kPreferBusyPoll = 69,
  kTxRehash = 74,
  kReceiveMark = 75,
  kPassPidfd = 76,
  kReceivePriority = 82,
  kPassRights = 83
};
enum { kPortRange = 51, kRtoMost = 44, kRtoLeast = 45, kDelayedAck = 46 };

std::vector<Setting> of_all() {
  struct {
    int clock;
    unsigned flags;
  } on_time = {1, 1};
  return {{SOL_SOCKET, SO_LINGER, bytes(linger{1, 7})}, {SOL_SOCKET, SO_OOBINLINE, number(1)},
          {SOL_SOCKET, SO_NO_CHECK, number(1)},         {SOL_SOCKET, SO_PRIORITY, number(5)},
          {SOL_SOCKET, SO_ZEROCOPY, number(1)},         {SOL_SOCKET, kTxRehash, number(0)},
          {SOL_SOCKET, kReceiveMark, number(1)},        {SOL_SOCKET, kReceivePriority, number(1)},
          {SOL_SOCKET, kPreferBusyPoll, number(1)},     {SOL_SOCKET, SO_SELECT_ERR_QUEUE, number(1)},
          {SOL_SOCKET, SO_WIFI_STATUS, number(1)},      {SOL_SOCKET, SO_MAX_PACING_RATE, bytes(0x123456789aUL)},
          {SOL_SOCKET, SO_TXTIME, bytes(on_time)},      {SOL_SOCKET, SO_RCVLOWAT, number(3)}};
}

std::vector<Setting> of_ip4() {
  const unsigned range = 40000 | 50000U << 16;
  return {{IPPROTO_IP, IP_MINTTL, number(3)},          {IPPROTO_IP, IP_RECVOPTS, number(1)},
          {IPPROTO_IP, IP_RETOPTS, number(1)},         {IPPROTO_IP, IP_PASSSEC, number(1)},
          {IPPROTO_IP, IP_CHECKSUM, number(1)},        {IPPROTO_IP, IP_RECVFRAGSIZE, number(1)},
          {IPPROTO_IP, IP_RECVERR_RFC4884, number(1)}, {IPPROTO_IP, kPortRange, bytes(range)},
          {IPPROTO_IP, IP_MULTICAST_ALL, number(0)},   {IPPROTO_IP, IP_MULTICAST_LOOP, number(0)},
          {IPPROTO_IP, IP_TOS, number(0x10)},          {IPPROTO_IP, IP_UNICAST_IF, number(htonl(1))}};
}

std::vector<Setting> of_ip6() {
  std::vector<Setting> all = {{IPPROTO_IPV6, IPV6_MULTICAST_LOOP, number(0)},
                              {IPPROTO_IPV6, IPV6_DONTFRAG, number(1)},
                              {IPPROTO_IPV6, IPV6_MINHOPCOUNT, number(4)},
                              {IPPROTO_IPV6, IPV6_ADDR_PREFERENCES, number(2)},
                              {IPPROTO_IPV6, IPV6_UNICAST_IF, number(htonl(1))}};
  for (const int name : {IPV6_RECVHOPOPTS, IPV6_RECVRTHDR, IPV6_RECVDSTOPTS, IPV6_RECVPATHMTU, IPV6_RECVFRAGSIZE,
                         IPV6_2292PKTINFO, IPV6_2292HOPOPTS, IPV6_2292DSTOPTS, IPV6_2292RTHDR, IPV6_2292HOPLIMIT,
                         IPV6_RECVORIGDSTADDR, IPV6_RECVERR_RFC4884, IPV6_ROUTER_ALERT_ISOLATE, IPV6_RECVTCLASS})
    all.push_back({IPPROTO_IPV6, name, number(1)});
  return all;
}

std::vector<Setting> of_tcp() {
  return {{IPPROTO_TCP, TCP_INQ, number(1)},         {IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, number(1)},
          {IPPROTO_TCP, TCP_SAVE_SYN, number(1)},    {IPPROTO_TCP, TCP_TX_DELAY, number(1000)},
          {IPPROTO_TCP, kRtoMost, number(50000)},    {IPPROTO_TCP, kRtoLeast, number(150000)},
          {IPPROTO_TCP, kDelayedAck, number(100000)}};
}

// What matters until there is a connection.
std::vector<Setting> of_unconnected_tcp() {
  return {{IPPROTO_TCP, TCP_WINDOW_CLAMP, number(5000)},       {IPPROTO_TCP, TCP_FASTOPEN_CONNECT, number(1)},
          {IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, number(1)},    {IPPROTO_TCP, TCP_FASTOPEN, number(3)},
          {IPPROTO_TCP, TCP_FASTOPEN_KEY, "0123456789abcdef"}, {IPPROTO_TCP, TCP_MAXSEG, number(1000)}};
}

std::vector<Setting> of_udp() {
  return {{IPPROTO_UDP, UDP_CORK, number(1)},
          {IPPROTO_UDP, UDP_SEGMENT, number(500)},
          {IPPROTO_UDP, UDP_GRO, number(1)},
          {IPPROTO_UDP, UDP_NO_CHECK6_TX, number(1)},
          {IPPROTO_UDP, UDP_NO_CHECK6_RX, number(1)},
          {IPPROTO_IP, IP_MULTICAST_IF, bytes(htonl(INADDR_LOOPBACK))},
          {IPPROTO_IP, IP_OPTIONS, std::string("\7\7\4\0\0\0\0\0", 8)},
          {IPPROTO_IPV6, IPV6_MULTICAST_IF, number(1)},
          {IPPROTO_IPV6, IPV6_MULTICAST_ALL, number(0)},
          {IPPROTO_IPV6, IPV6_DSTOPTS, std::string("\0\0\1\4\0\0\0\0", 8)}};
}

std::vector<Setting> of_unix() {
  return {
      {SOL_SOCKET, kPassPidfd, number(1)}, {SOL_SOCKET, kPassRights, number(0)}, {SOL_SOCKET, SO_PASSCRED, number(1)}};
}

std::vector<Setting> together(std::initializer_list<std::vector<Setting>> parts) {
  std::vector<Setting> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

int listening(int family) {
  const int fd = socket(family, SOCK_STREAM, 0);
  sockaddr_storage any{};
  any.ss_family = static_cast<sa_family_t>(family);
  CHECK(bind(fd, reinterpret_cast<sockaddr*>(&any), family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6)) ==
        0);
  CHECK(listen(fd, 5) == 0);
  return fd;
}

struct Connection {
  int client = -1, server = -1;
  explicit Connection(int listener) {
    sockaddr_storage at{};
    socklen_t size = sizeof at;
    CHECK(getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size) == 0);
    client = socket(at.ss_family, SOCK_STREAM, 0);
    CHECK(connect(client, reinterpret_cast<sockaddr*>(&at), size) == 0);
    server = accept(listener, nullptr, nullptr);
    CHECK(server >= 0);
  }
};

// A bound that the kernel's own buffer gives no reason for.
void set_window(int fd) {
  const int most = 3000;
  CHECK(setsockopt(fd, IPPROTO_TCP, TCP_WINDOW_CLAMP, &most, sizeof most) == 0);
  expected.push_back({fd, {IPPROTO_TCP, TCP_WINDOW_CLAMP, number(most)}});
}

// One that tells its size, and is not locked any more.
void set_unlocked_buffer(int fd) {
  constexpr int kBufferLock = 72;
  const int size = 20000, none = 0;
  CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size) == 0);
  if (setsockopt(fd, SOL_SOCKET, kBufferLock, &none, sizeof none) != 0) return;
  expected.push_back({fd, {SOL_SOCKET, SO_RCVBUF, told(fd, SOL_SOCKET, SO_RCVBUF)}});
  expected.push_back({fd, {SOL_SOCKET, kBufferLock, number(0)}});
}

// Larger than is allowed to others.
void set_forced_buffer(int fd) {
  const int size = 40000000;
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0) return;
  CHECK(told(fd, SOL_SOCKET, SO_RCVBUF) == number(2 * size));
  expected.push_back({fd, {SOL_SOCKET, SO_RCVBUF, number(2 * size)}});
}

void set_on_internet_sockets(int family) {
  const auto own = family == AF_INET ? of_ip4() : together({of_ip4(), of_ip6()});
  const int udp = socket(family, SOCK_DGRAM, 0), fresh = socket(family, SOCK_STREAM, 0), listener = listening(family);
  const int plain = listening(family);
  const Connection connection(plain);
  CHECK(set_all(udp, together({own, of_all(), of_udp()})) > 15);
  CHECK(set_all(fresh, together({own, of_all(), of_tcp(), of_unconnected_tcp()})) > 15);
  CHECK(set_all(listener, together({own, of_all(), of_tcp(), of_unconnected_tcp()})) > 15);
  for (const int end : {connection.client, connection.server})
    CHECK(set_all(end, together({own, of_all(), of_tcp()})) > 15);
  set_window(connection.server);
  set_unlocked_buffer(udp);
  set_forced_buffer(socket(family, SOCK_DGRAM, 0));
}

void set_on_unix_sockets() {
  const int fresh = socket(AF_UNIX, SOCK_STREAM, 0), listener = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const std::string unique = "cairn-socket-options-" + std::to_string(getpid());
  unique.copy(name.sun_path + 1, sizeof name.sun_path - 1);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + unique.size());
  CHECK(bind(listener, reinterpret_cast<sockaddr*>(&name), size) == 0 && listen(listener, 5) == 0);
  const Connection connection(listener);
  int pair[2], datagrams[2];
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && socketpair(AF_UNIX, SOCK_DGRAM, 0, datagrams) == 0);
  for (const int fd : {fresh, listener, connection.client, connection.server, pair[0], pair[1], datagrams[0]})
    CHECK(set_all(fd, together({of_all(), of_unix()})) > 5);
  set_unlocked_buffer(datagrams[1]);
  set_forced_buffer(pair[0]);
}

}  // namespace

int main(int, char** argv) {
  set_on_internet_sockets(AF_INET);
  set_on_internet_sockets(AF_INET6);
  set_on_unix_sockets();
  subject::stay_until_asked(argv[1], subject::nap);
  for (const auto& [fd, setting] : expected) {
    if (told(fd, setting.level, setting.name) == setting.value) continue;
    subject::fail(__FILE__, __LINE__,
                  "option " + std::to_string(setting.name) + " of level " + std::to_string(setting.level) +
                      " of descriptor " + std::to_string(fd));
  }
  return subject::verdict();
}
