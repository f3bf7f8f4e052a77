// SPDX-License-Identifier: Apache-2.0
#include "core/engine/descriptor_exchange.hpp"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <thread>

#include "core/base/deadline.hpp"
#include "core/base/descriptor_message.hpp"
#include "core/base/error.hpp"

namespace cairn::engine {

namespace {

constexpr std::chrono::milliseconds kRetry{10};

struct Address {
  sockaddr_un name{};
  socklen_t length = 0;

  explicit Address(const std::string& key) {
    const std::string text = "cairn-node/" + key;
    if (text.size() >= sizeof name.sun_path) throw ArgumentError("the name of a socket is too long: " + key);
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path + 1, text.data(), text.size());
    length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&name); }
};

UniqueFd make_socket(int flags) {
  UniqueFd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0));
  if (!fd) throw EnvironmentError(with_errno("cannot make a socket", errno));
  return fd;
}

bool is_same_user(int fd) {
  ucred peer{};
  socklen_t length = sizeof peer;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && (peer.uid == geteuid() || peer.uid == 0);
}

bool send_descriptor(int to, int fd) {
  char byte = 1;
  return DescriptorMessage(&byte, 1).send(to, fd) == 1;
}

UniqueFd receive_descriptor(int from) {
  char byte = 0;
  int fd = -1;
  DescriptorMessage(&byte, 1).receive(from, fd);
  return UniqueFd(fd);
}

}  // namespace

void offer_descriptor(const std::string& key, int fd, unsigned takers, double deadline) {
  const Deadline end(deadline);
  const Address address(key);
  const UniqueFd listener = make_socket(SOCK_NONBLOCK);
  if (bind(listener.get(), address.get(), address.length) != 0 || listen(listener.get(), 128) != 0)
    throw EnvironmentError(with_errno("cannot offer the node request", errno));
  for (unsigned given = 0; given < takers;) {
    pollfd ready{listener.get(), POLLIN, 0};
    if (poll(&ready, 1, end.milliseconds()) == 0) {
      throw TemporaryError("only " + std::to_string(given) + " of " + std::to_string(takers) +
                           " other processes on this node took part in the node request in time");
    }
    const UniqueFd taker(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (taker && is_same_user(taker.get()) && send_descriptor(taker.get(), fd)) ++given;
  }
}

UniqueFd fetch_descriptor(const std::string& key, double deadline) {
  const Deadline end(deadline);
  const Address address(key);
  while (!end.passed()) {
    const UniqueFd fd = make_socket(0);
    if (connect(fd.get(), address.get(), address.length) == 0 && is_same_user(fd.get())) {
      pollfd ready{fd.get(), POLLIN, 0};
      if (poll(&ready, 1, end.milliseconds()) > 0) {
        if (UniqueFd got = receive_descriptor(fd.get())) return got;
      }
    }
    std::this_thread::sleep_for(kRetry);  // the leader may not be there yet
  }
  throw TemporaryError("the process that makes the node request did not offer it in time");
}

}  // namespace cairn::engine
