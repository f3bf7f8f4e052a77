// SPDX-License-Identifier: Apache-2.0
#include "core/group/descriptor_inbox.hpp"

#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <string>

#include "core/base/descriptor_message.hpp"
#include "core/base/error.hpp"

namespace cairn::group {
namespace {

constexpr int kPatience = 60;  // seconds

[[noreturn]] void fail(const char* what, int error) {
  throw EnvironmentError(with_errno(std::string("a descriptor that processes share cannot be ") + what, error));
}

}  // namespace

DescriptorInbox::DescriptorInbox() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) fail("handed over", errno);
  sending_.reset(ends[0]);
  receiving_.reset(ends[1]);
  const timeval patience{kPatience, 0};
  setsockopt(sending_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  setsockopt(receiving_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

void DescriptorInbox::send(std::uint32_t name, int fd) const {
  while (DescriptorMessage(&name, sizeof name).send(sending_.get(), fd) < 0) {
    if (errno != EINTR) fail("sent", errno);
  }
}

std::vector<std::pair<std::uint32_t, UniqueFd>> DescriptorInbox::receive_all() const {
  std::vector<std::pair<std::uint32_t, UniqueFd>> received;
  while (received.size() < expected_) {
    std::uint32_t name = 0;
    int fd = -1;
    const ssize_t n = DescriptorMessage(&name, sizeof name).receive(receiving_.get(), fd);
    if (n < 0 && errno == EINTR) continue;
    if (fd < 0) fail("received", n < 0 ? errno : ECONNRESET);
    received.emplace_back(name, UniqueFd(fd));
  }
  return received;
}

}  // namespace cairn::group
