// SPDX-License-Identifier: Apache-2.0
// cr_sockets FLAG: a process and three children that talk by network sockets: one sends numbers without end, one
// answers at a socket that it has inherited and goes on accepting there, one answers datagrams. Nothing may be lost,
// doubled or out of order, and no address may change.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <string>

#include "tests/lib/subject.hpp"

namespace {

constexpr int kListener = 40, kAnswering = 41;

sockaddr_in address_of(int fd) {
  sockaddr_in a{};
  socklen_t size = sizeof a;
  CHECK(getsockname(fd, reinterpret_cast<sockaddr*>(&a), &size) == 0);
  return a;
}

sockaddr_in peer_of(int fd) {
  sockaddr_in a{};
  socklen_t size = sizeof a;
  CHECK(getpeername(fd, reinterpret_cast<sockaddr*>(&a), &size) == 0);
  return a;
}

bool same(const sockaddr_in& a, const sockaddr_in& b) {
  return a.sin_port == b.sin_port && a.sin_addr.s_addr == b.sin_addr.s_addr;
}

int bound(int type) {
  const int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(bind(fd, reinterpret_cast<sockaddr*>(&a), sizeof a) == 0);
  return fd;
}

int connected(const sockaddr_in& to, int type = SOCK_STREAM) {
  const int fd = type == SOCK_STREAM ? socket(AF_INET, type | SOCK_CLOEXEC, 0) : bound(type);
  CHECK(connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  return fd;
}

[[noreturn]] void send_numbers(const sockaddr_in& to) {
  const int fd = connected(to);
  for (unsigned n = 0;; ++n) {
    if (send(fd, &n, sizeof n, MSG_NOSIGNAL) != sizeof n) _exit(n > 0 ? 0 : 1);
  }
}

// One at a time: what comes meanwhile waits.
[[noreturn]] void answer() {
  for (;;) {
    const int fd = accept(kListener, nullptr, nullptr);
    if (fd < 0) _exit(1);
    for (unsigned n = 0; recv(fd, &n, sizeof n, MSG_WAITALL) == sizeof n;) {
      n *= 3;
      if (send(fd, &n, sizeof n, MSG_NOSIGNAL) != sizeof n) _exit(1);
    }
    close(fd);
  }
}

[[noreturn]] void answer_datagrams() {
  for (;;) {
    sockaddr_in from{};
    socklen_t size = sizeof from;
    unsigned n = 0;
    if (recvfrom(kAnswering, &n, sizeof n, 0, reinterpret_cast<sockaddr*>(&from), &size) != sizeof n) _exit(1);
    n *= 5;
    if (sendto(kAnswering, &n, sizeof n, 0, reinterpret_cast<sockaddr*>(&from), size) != sizeof n) _exit(1);
  }
}

pid_t start(const char* program, const char* what, const std::string& port = "") {
  const pid_t pid = fork();
  if (pid == 0) {
    execl(program, program, "child", what, port.c_str(), nullptr);
    _exit(1);
  }
  return pid;
}

unsigned ask(int fd, unsigned n) {
  CHECK(send(fd, &n, sizeof n, MSG_NOSIGNAL) == sizeof n);
  unsigned result = 0;
  CHECK(recv(fd, &result, sizeof result, MSG_WAITALL) == sizeof result);
  return result;
}

sockaddr_in at_port(const char* port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  a.sin_port = static_cast<in_port_t>(atoi(port));
  return a;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4) {
    const std::string what = argv[2];
    if (what == "numbers") send_numbers(at_port(argv[3]));
    if (what == "answer") answer();
    answer_datagrams();
  }
  const int listener = bound(SOCK_STREAM), answering = bound(SOCK_DGRAM);
  CHECK(listen(listener, 8) == 0 && dup2(listener, kListener) == kListener &&
        dup2(answering, kAnswering) == kAnswering);
  const sockaddr_in at = address_of(listener), datagrams_at = address_of(answering);
  const pid_t sender = start(argv[0], "numbers", std::to_string(at.sin_port));
  const int numbers = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  const pid_t answerer = start(argv[0], "answer"), datagram_answerer = start(argv[0], "datagrams");
  close(answering);
  close(kAnswering);
  const int asking = connected(at), datagrams = connected(datagrams_at, SOCK_DGRAM);
  CHECK_EQUAL(ask(asking, 7), 21u);  // it has been accepted
  const sockaddr_in asking_at = address_of(asking), sender_at = peer_of(numbers);
  unsigned next = 0, steps = 0;
  const auto receive = [&](unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      unsigned n = 0;
      CHECK(recv(numbers, &n, sizeof n, MSG_WAITALL) == sizeof n);
      CHECK_EQUAL(n, next++);
    }
  };
  subject::stay_until_asked(argv[1], [&] {
    ++steps;
    CHECK_EQUAL(ask(asking, steps), 3 * steps);
    CHECK_EQUAL(ask(datagrams, steps), 5 * steps);
    receive(20);
    subject::nap();
  });

  receive(1000000);  // what was under way is among them
  CHECK(same(address_of(asking), asking_at) && same(peer_of(asking), at) && same(peer_of(numbers), sender_at));
  CHECK(same(address_of(listener), at) && same(peer_of(datagrams), datagrams_at));
  close(asking);
  const int anew = connected(at);
  CHECK_EQUAL(ask(anew, 100), 300u);
  close(numbers);
  int status = 1;
  CHECK(waitpid(sender, &status, 0) == sender && status == 0);
  for (const pid_t child : {answerer, datagram_answerer}) {
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child && WTERMSIG(status) == SIGKILL);
  }
  return subject::verdict();
}
