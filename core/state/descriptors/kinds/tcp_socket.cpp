// SPDX-License-Identifier: Apache-2.0
// TCP sockets that listen, and those that have not been connected.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/descriptors/open_files.hpp"
#include "core/state/descriptors/socket_address.hpp"
#include "core/state/descriptors/socket_options.hpp"
#include "core/state/descriptors/tcp_connection.hpp"
#include "core/state/descriptors/tcp_state.hpp"

namespace cairn::state {
namespace {

struct TcpDetail {
  std::int32_t family = 0;
  SocketAddress bound;  // empty: not
  bool listens = false;
  std::uint32_t backlog = 0;
  bool reuse = false;  // SO_REUSEADDR
  SocketOptions options;
  template <class Archive>
  void fields(Archive& a) {
    a(family, bound, listens, backlog, reuse, options);
  }
};

[[noreturn]] void refuse(const OpenFile& file, const std::string& why) {
  throw TemporaryError("TCP socket" + at(file) + " cannot be saved yet: " + why);
}

std::vector<std::uint8_t> describe(const OpenFile& file, const OpenFiles& all) {
  if (const std::string holder = all.other_holder(file); !holder.empty()) refuse(file, holder + " has it open, too");
  if (const std::string option = unsaved_option_of(file.fd); !option.empty()) refuse(file, option);
  pollfd look{file.fd, 0, 0};
  if (poll(&look, 1, 0) > 0 && (look.revents & POLLERR) != 0) refuse(file, "it has an error that was not asked for");
  TcpDetail detail;
  detail.family = number_option(file.fd, SOL_SOCKET, SO_DOMAIN);
  const SocketAddress local = SocketAddress::local_of(file.fd);
  if (local.port() != 0 || !local.is_any()) detail.bound = local;
  detail.options = options_of(file.fd);
  detail.reuse = number_option(file.fd, SOL_SOCKET, SO_REUSEADDR) != 0;
  detail.listens = tcp_state(file.fd) == TCP_LISTEN;
  if (!detail.listens) return encode(detail);
  const AcceptQueue queue = accept_queue(file.fd);
  detail.backlog = queue.most;
  if (!all.guest_stands()) return encode(detail);
  if (queue.waiting != 0)
    refuse(file, std::to_string(queue.waiting) + " connections wait at " + local.text() + " to be accepted");
  reuse_addresses(file.fd);  // for those that it will accept: see tcp_connection.cpp
  return encode(detail);
}

void check(const Description& description) {
  const auto detail = detail_of<TcpDetail>(description);
  const bool family = detail.family == AF_INET || detail.family == AF_INET6;
  if (!family || (!detail.bound.empty() && !detail.bound.fits(detail.family)) ||
      (detail.listens && detail.bound.empty()))
    throw PermanentError("the description of " + description.path + " makes no sense");
}

bool bind_in_time(int fd, const SocketAddress& address) {
  for (const Deadline deadline(kLeftOver); bind(fd, address.get(), address.size()) != 0; usleep(100000)) {
    const int error = errno;
    if (error == EADDRINUSE && !deadline.passed() && is_only_left_over(address)) continue;
    errno = error;
    return false;
  }
  return true;
}

UniqueFd reopen(const Description& description) {
  const auto detail = detail_of<TcpDetail>(description);
  const std::string name =
      "the program's TCP socket" + (detail.bound.empty() ? std::string() : " at " + detail.bound.text());
  UniqueFd fd(socket(detail.family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!fd) throw EnvironmentError(with_errno(name, errno));
  set_options_for_binding(fd.get(), detail.options);
  reuse_addresses(fd.get());
  if (!detail.bound.empty() && !bind_in_time(fd.get(), detail.bound)) {
    throw EnvironmentError(with_errno(name + " cannot be made again", errno) +
                           (errno == EADDRINUSE ? ": another program has it, or had it less than a minute ago" : ""));
  }
  set_options(fd.get(), detail.options);
  if (detail.listens && listen(fd.get(), static_cast<int>(detail.backlog)) != 0)
    throw EnvironmentError(with_errno(name + " cannot listen", errno));
  if (!detail.listens && !detail.reuse) reuse_addresses(fd.get(), false);
  return fd;
}

}  // namespace

extern const DescriptorKind tcp_socket_descriptor;
const DescriptorKind tcp_socket_descriptor = {
    .number = 14,
    .name = "TCP socket",
    .inheritable = false,
    .recognise = is_tcp,
    .describe = describe,
    .check = check,
    .reopen = reopen,
    .refill = nullptr,
    .documentation = {"TCP socket that listens, or is not connected", "address, length of the queue, options",
                      "its address must be free at a restart; refused while connections wait to be accepted; "
                      "SO_REUSEADDR of one that listens is on afterwards; programs for SO_REUSEPORT are lost",
                      "tests/state/descriptors/tcp.cpp"},
};

}  // namespace cairn::state
