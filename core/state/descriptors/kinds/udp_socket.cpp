// SPDX-License-Identifier: Apache-2.0
// UDP sockets: each is an object with one end, so that all of a group are there before what they had not received is
// sent again from where it came.
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/state/descriptors/datagram_content.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/descriptors/multicast.hpp"
#include "core/state/descriptors/open_files.hpp"
#include "core/state/descriptors/socket_address.hpp"
#include "core/state/descriptors/socket_options.hpp"
#include "core/state/descriptors/tcp_state.hpp"

namespace cairn::state {
namespace {

struct UdpDetail {
  std::int32_t family = 0;
  SocketAddress bound, connected;  // empty: not
  SocketOptions options;
  std::vector<Datagram> content;  // what it has not received
  template <class Archive>
  void fields(Archive& a) {
    a(family, bound, connected, options, content);
  }
};

// DescriptorKind::describe: what is set last.
struct UdpEnd {
  bool reuse = false;  // SO_REUSEADDR
  template <class Archive>
  void fields(Archive& a) {
    a(reuse);
  }
};

bool recognise(const OpenFile& file) { return is_socket_of(file, SOCK_DGRAM, IPPROTO_UDP); }

[[noreturn]] void refuse(const OpenFile& file, const std::string& why) {
  throw TemporaryError("UDP socket" + at(file) + " cannot be saved yet: " + why);
}

// What was put together for one datagram (UDP_CORK, MSG_MORE) nobody can read; what only waits for the interface will
// be gone in a moment.
bool has_begun_datagram(int fd) {
  constexpr double kOnItsWay = 1;  // seconds
  constexpr useconds_t kNap = 1000;
  for (const Deadline deadline(kOnItsWay);; usleep(kNap)) {
    int unsent = 0;
    if (ioctl(fd, SIOCOUTQ, &unsent) != 0 || unsent == 0) return false;
    if (deadline.passed()) return true;
  }
}

std::vector<std::uint8_t> save(const ObjectEnds& ends, const OpenFiles& all, context::Writer* /*writer*/) {
  const OpenFile& file = *ends.front();
  if (const std::string holder = all.other_holder(file); !holder.empty()) refuse(file, holder + " has it open, too");
  if (const std::string option = unsaved_option_of(file.fd); !option.empty()) refuse(file, option);
  if (const std::string group = joined_group(file.fd); !group.empty())
    refuse(file, "it has joined " + group + " (multicast)");
  pollfd look{file.fd, 0, 0};
  if (poll(&look, 1, 0) > 0 && (look.revents & POLLERR) != 0) refuse(file, "it has an error that was not asked for");
  UdpDetail detail;
  detail.family = number_option(file.fd, SOL_SOCKET, SO_DOMAIN);
  const SocketAddress local = SocketAddress::local_of(file.fd);
  if (local.port() != 0 || !local.is_any()) detail.bound = local;
  detail.connected = SocketAddress::peer_of(file.fd);
  detail.options = options_of(file.fd);
  if (!all.guest_stands()) return encode(detail);
  if (has_begun_datagram(file.fd)) refuse(file, "it has data that has not been sent (UDP_CORK, MSG_MORE)");
  try {
    detail.content = look_into_datagrams(file.fd);
  } catch (const TemporaryError& error) {
    refuse(file, std::string("it ") + error.what());
  }
  return encode(detail);
}

UdpDetail detail_of(const SharedObject& object) { return decode<UdpDetail>(object.detail, "ipc, a UDP socket"); }

void check_object(const SharedObject& object) {
  const UdpDetail detail = detail_of(object);
  const auto fits = [&](const SocketAddress& address) { return address.empty() || address.fits(detail.family); };
  if ((detail.family != AF_INET && detail.family != AF_INET6) || !fits(detail.bound) || !fits(detail.connected) ||
      !std::all_of(detail.content.begin(), detail.content.end(), [&](const Datagram& d) { return fits(d.from); }))
    throw PermanentError("a UDP socket makes no sense");
}

void check(const Description& description) {
  static_cast<void>(decode<UdpEnd>(detail_of<EndDetail>(description).own, "files, " + description.path));
}

[[noreturn]] void fail(const UdpDetail& detail, const char* what) {
  throw EnvironmentError(with_errno("the program's UDP socket" +
                                        (detail.bound.empty() ? std::string() : " at " + detail.bound.text()) +
                                        " cannot " + what,
                                    errno));
}

// Whatever has the address now shares it for a moment.
bool send_from(const SocketAddress& from, const SocketAddress& to, const std::vector<std::uint8_t>& bytes) {
  const UniqueFd sender(socket(from.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!sender) return false;
  reuse_addresses(sender.get());
  return bind(sender.get(), from.get(), from.size()) == 0 &&
         sendto(sender.get(), bytes.data(), bytes.size(), MSG_DONTWAIT, to.get(), to.size()) ==
             static_cast<ssize_t>(bytes.size());
}

// To this machine, if it takes what comes to any address.
SocketAddress reachable(const SocketAddress& bound) {
  if (!bound.is_any()) return bound;
  if (bound.family() == AF_INET) {
    auto four = bound.as<sockaddr_in>();
    four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return {&four, sizeof four};
  }
  auto six = bound.as<sockaddr_in6>();
  six.sin6_addr = in6addr_loopback;
  return {&six, sizeof six};
}

// One that takes both families gets IPv4 at IPv4's own address.
SocketAddress target(const SocketAddress& bound, const SocketAddress& from) {
  const SocketAddress to = reachable(bound);
  if (from.unmapped() == from || !bound.is_any()) return to;
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  four.sin_port = htons(bound.port());
  return SocketAddress(&four, sizeof four).mapped();
}

void refill_with(const UdpDetail& detail, Making& making) {
  std::size_t lost = 0;
  for (const Datagram& datagram : detail.content) {
    if (datagram.from.empty() || detail.bound.empty() ||
        !send_from(datagram.from, target(detail.bound, datagram.from), datagram.bytes))
      ++lost;
  }
  if (lost != 0)
    making.notes.push_back(std::to_string(lost) + " datagrams that had come to " + detail.bound.text() +
                           " and not been received are lost: they were from elsewhere, or there is no room for them");
}

std::vector<UniqueFd> make(ObjectParts parts, std::span<const Description* const> ends, Making& making) {
  const UdpDetail detail = detail_of(parts.front().object);
  UniqueFd made(socket(detail.family, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP));
  if (!made) fail(detail, "be made");
  set_options_for_binding(made.get(), detail.options);
  reuse_addresses(made.get());
  if (!detail.bound.empty() && bind(made.get(), detail.bound.get(), detail.bound.size()) != 0)
    fail(detail, "have its address again");
  set_options(made.get(), detail.options);
  refill_with(detail, making);
  if (!detail.connected.empty() && connect(made.get(), detail.connected.get(), detail.connected.size()) != 0)
    fail(detail, "be connected again");
  std::vector<UniqueFd> result(ends.size());
  if (ends.size() > 1) throw PermanentError("a UDP socket is there twice");
  if (!result.empty()) result.front() = std::move(made);
  return result;
}

void refill(int fd, const Description& description) {
  reuse_addresses(fd, decode<UdpEnd>(detail_of<EndDetail>(description).own, "files, " + description.path).reuse);
}

constexpr ObjectKind kUdp = {
    .identify = identity_of,
    .save = save,
    .check = check_object,
    .make = make,
    .made_first = true,
    .turn = 1,
};

}  // namespace

extern const DescriptorKind udp_socket_descriptor;
const DescriptorKind udp_socket_descriptor = {
    .number = 15,
    .name = "UDP socket",
    .inheritable = false,
    .recognise = recognise,
    .describe =
        [](const OpenFile& file, const OpenFiles& /*all*/) {
          UdpEnd end{number_option(file.fd, SOL_SOCKET, SO_REUSEADDR) != 0};
          return encode(end);
        },
    .check = check,
    .reopen = nullptr,
    .refill = refill,
    .documentation =
        {"UDP socket (IPv4, IPv6)", "addresses, options, what has come from this machine and was not received",
         "its address must be free at a restart; datagrams from elsewhere that were not received are lost; "
         "refused: members of multicast groups, a datagram that was begun (UDP_CORK, MSG_MORE), UDP-Lite; what the "
         "kernel says beside a datagram is said "
         "anew",
         "tests/state/descriptors/udp.cpp"},
    .object = &kUdp,
};

}  // namespace cairn::state
