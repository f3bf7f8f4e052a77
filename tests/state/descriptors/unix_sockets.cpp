// SPDX-License-Identifier: Apache-2.0
// Unix sockets with names: some that listen, in the file system and not, connections by them with something in them,
// halves that are shut down, ends that are closed, datagrams, a thread that waits to accept.
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <string>
#include <thread>

#include "tests/lib/subject.hpp"

namespace {

const std::string again = "errno " + std::to_string(EAGAIN);

struct Name {
  sockaddr_un address{};
  socklen_t size = sizeof address;
  Name() = default;
  explicit Name(const std::string& text) {
    address.sun_family = AF_UNIX;
    const bool abstract = text[0] == '@';
    CHECK(text.size() <= sizeof address.sun_path);
    memcpy(address.sun_path, text.data(), text.size());
    if (abstract) address.sun_path[0] = '\0';
    const bool ends =
        !abstract && text.size() < sizeof address.sun_path;  // a zero is not needed where there is no room
    size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + text.size() + (ends ? 1 : 0));
  }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&address); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
  std::string text() const {
    const std::size_t at = offsetof(sockaddr_un, sun_path);
    if (size <= at) return "";
    return address.sun_path[0] == '\0'
               ? "@" + std::string(address.sun_path + 1, size - at - 1)
               : std::string(address.sun_path, strnlen(address.sun_path, sizeof address.sun_path));
  }
};

std::string own(int fd) {
  Name name;
  CHECK(getsockname(fd, name.get(), &name.size) == 0);
  return name.text();
}

std::string peer(int fd) {
  Name name;
  return getpeername(fd, name.get(), &name.size) == 0 ? name.text() : "errno " + std::to_string(errno);
}

int bound(const std::string& name, int type) {
  const int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
  const Name at(name);
  CHECK(bind(fd, at.get(), at.size) == 0);
  return fd;
}

int listening(const std::string& name, int type = SOCK_STREAM) {
  const int fd = bound(name, type);
  CHECK(listen(fd, 9) == 0);
  return fd;
}

int connected(const std::string& name, int type = SOCK_STREAM, const std::string& from = "") {
  const int fd = from.empty() ? socket(AF_UNIX, type, 0) : bound(from, type);
  const Name at(name);
  CHECK(connect(fd, at.get(), at.size) == 0);
  return fd;
}

struct Connection {
  int client, server;
  Connection(int listener, int type = SOCK_STREAM, const std::string& from = "")
      : client(connected(own(listener), type, from)), server(accept(listener, nullptr, nullptr)) {}
};

void put(int fd, const std::string& text) {
  CHECK_EQUAL(send(fd, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

std::string take(int fd, std::string* from = nullptr, int flags = MSG_DONTWAIT) {
  std::string text(1 << 20, '\0');
  Name name;
  const ssize_t n = recvfrom(fd, text.data(), text.size(), flags, name.get(), &name.size);
  if (n < 0) return "errno " + std::to_string(errno);
  if (from != nullptr) *from = name.text();
  text.resize(static_cast<std::size_t>(n));
  return text;
}

}  // namespace

int main(int, char** argv) {
  const std::string base = argv[1], abstract = "@cairn-test-" + std::to_string(getpid());
  umask(022);
  const int files = listening(base + ".a"), hidden = listening(abstract), relative = listening("relative.socket"),
            packets = listening(base + ".p", SOCK_SEQPACKET), waited = listening(base + ".w"),
            removed = listening(base + ".r");
  CHECK(chmod((base + ".a").c_str(), 0640) == 0);
  CHECK(unlink((base + ".r").c_str()) == 0);
  const Connection plain(files), by_hidden(hidden), by_relative(relative), messages(packets, SOCK_SEQPACKET),
      half(files), closed(files), from_name(files, SOCK_STREAM, base + ".c"), busy(files);
  CHECK(access((base + ".r").c_str(), F_OK) != 0);
  put(plain.client, "one way, ");
  put(plain.client, "in two parts");
  put(plain.server, "and back");
  put(by_hidden.server, "from nowhere");
  put(by_relative.client, "from here");
  for (const char* text : {"first", "second", "3"}) put(messages.client, text);
  put(half.client, "last words");
  CHECK(shutdown(half.client, SHUT_WR) == 0);
  put(closed.client, "gone");
  close(closed.client);
  put(from_name.client, "named");
  const std::string longest = base + "." + std::string(sizeof(sockaddr_un::sun_path) - base.size() - 1, 'l');
  const int full = listening(longest);
  const Connection by_full(full);
  put(by_full.client, "full");
  const int short_lived = listening(base + ".s");
  const Connection orphan(short_lived);
  close(short_lived);
  put(orphan.server, "nobody listens");

  const int log = bound(base + ".log", SOCK_DGRAM), teller = connected(base + ".log", SOCK_DGRAM),
            named = connected(base + ".log", SOCK_DGRAM, base + ".teller"), other = bound(abstract + "d", SOCK_DGRAM);
  put(teller, "no name");
  put(named, "a name");
  put(named, "");
  const int fresh = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
  std::string came;
  std::thread waiter([&] {
    const int accepted = accept(waited, nullptr, nullptr);
    came = accepted < 0 ? "errno " + std::to_string(errno) : take(accepted, nullptr, 0);
  });
  unsigned long steps = 0;
  subject::stay_until_asked(argv[1], [&] {
    const std::string step = std::to_string(++steps);
    put(busy.client, step);
    CHECK(take(busy.server) == step);
    subject::nap();
  });

  CHECK(came.empty());
  put(connected(base + ".w"), "at last");
  waiter.join();
  CHECK(came == "at last");
  struct stat status {};
  CHECK(stat((base + ".a").c_str(), &status) == 0);
  CHECK_EQUAL(status.st_mode & 07777, 0640u);
  CHECK(access((base + ".r").c_str(), F_OK) != 0 && own(removed) == base + ".r");
  CHECK(own(files) == base + ".a" && own(hidden) == abstract && own(relative) == "relative.socket");
  for (const int listener : {files, hidden, relative}) {
    const Connection anew(listener);
    put(anew.client, "new");
    CHECK(take(anew.server) == "new");
  }
  CHECK((fcntl(files, F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(peer(plain.client) == base + ".a" && own(plain.server) == base + ".a" && own(plain.client).empty());
  CHECK(peer(by_hidden.client) == abstract && peer(by_relative.client) == "relative.socket");
  CHECK(peer(from_name.server) == base + ".c" && own(from_name.client) == base + ".c");
  CHECK(take(plain.server) == "one way, in two parts" && take(plain.client) == "and back" &&
        take(plain.client) == again);
  put(plain.client, "more");
  CHECK(take(plain.server) == "more");
  CHECK(take(by_hidden.client) == "from nowhere" && take(by_relative.server) == "from here");
  for (const char* text : {"first", "second", "3"}) CHECK(take(messages.server) == text);
  CHECK(take(half.server) == "last words" && take(half.server).empty());
  put(half.server, "still open");
  CHECK(take(half.client) == "still open");
  CHECK(send(half.client, "x", 1, MSG_NOSIGNAL) < 0 && errno == EPIPE);
  CHECK(take(closed.server) == "gone" && take(closed.server).empty());
  CHECK(send(closed.server, "x", 1, MSG_NOSIGNAL) < 0 && errno == EPIPE);
  CHECK(take(from_name.server) == "named" && take(orphan.client) == "nobody listens");
  CHECK(peer(orphan.client) == base + ".s");

  CHECK(own(full) == longest && peer(by_full.client) == longest && take(by_full.server) == "full");

  std::string from;
  CHECK(take(log, &from) == "no name" && from.empty());
  CHECK(take(log, &from) == "a name" && from == base + ".teller");
  CHECK(take(log).empty() && take(log) == again);
  put(teller, "later");
  put(named, "still");
  CHECK(take(log) == "later" && take(log, &from) == "still" && from == base + ".teller");
  const int answered = bound(base + ".answered", SOCK_DGRAM);  // one that is connected takes from its peer only
  const Name to(base + ".answered");
  CHECK(sendto(other, "back", 4, 0, to.get(), to.size) == 4 && take(answered, &from) == "back" &&
        from == abstract + "d");
  CHECK(own(other) == abstract + "d");
  const Name again_at(base + ".a");
  CHECK(connect(fresh, again_at.get(), again_at.size) == 0 && (fcntl(fresh, F_GETFL) & O_NONBLOCK) != 0);
  return subject::verdict();
}
