// SPDX-License-Identifier: Apache-2.0
// TCP connections: those of which the process and its group have both ends, or the only one that is left; and, if that
// is asked for, ends of connections with others, which a restart has reset.
#include "core/state/descriptors/tcp_connection.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <utility>

#include "core/base/error.hpp"
#include "core/state/descriptors/connection_ends.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/descriptors/kind.hpp"
#include "core/state/descriptors/open_files.hpp"
#include "core/state/descriptors/socket_diagnosis.hpp"
#include "core/state/descriptors/socket_options.hpp"
#include "core/state/descriptors/tcp_state.hpp"
#include "core/state/group_scope.hpp"

namespace cairn::state {
namespace {

bool outside_is_reset = false;

// What has become of the other end.
enum class Other : std::uint8_t {
  open,
  closed,
  lost,  // it is not ours: a restart has the connection reset
  gone,  // the connection has ended, and the program has been told
};

struct End {
  std::uint64_t inode = 0;
  std::int32_t family = 0;
  SocketAddress local, remote;
  std::uint32_t shut = 0;  // 1 for reading, 2 for writing
  Other other = Other::open;
  SocketOptions options;
  std::vector<std::uint8_t> content;  // what it has not received
  template <class Archive>
  void fields(Archive& a) {
    a(inode, family, local, remote, shut, other, options, content);
  }
};

using Detail = ConnectionDetail<End>;

bool recognise(const OpenFile& file) {
  if (!is_tcp(file)) return false;
  const int state = tcp_state(file.fd);
  return state != TCP_LISTEN && (state != TCP_CLOSE || has_ended(file.fd));
}

[[noreturn]] void refuse(const OpenFile& file, const std::string& why) {
  throw TemporaryError("TCP connection" + at(file) + " cannot be saved yet: " + why);
}

ObjectIdentity identify(const OpenFile& file) {
  const auto peer = diagnose_tcp_socket(SocketAddress::peer_of(file.fd), SocketAddress::local_of(file.fd));
  return identity_of_both(file, peer ? peer->inode : 0);
}

// Nobody has it open: it waits to be accepted, or has been closed.
bool waits_to_be_accepted(const TcpSocket& socket) {
  return socket.state == TCP_ESTABLISHED || socket.state == TCP_SYN_RECV || socket.state == TCP_CLOSE_WAIT;
}

// The ends of one object, as one process has them.
class Look {
 public:
  Look(const ObjectEnds& ends, const OpenFiles& all) : ends_(ends), all_(all) {}
  Detail look() const {
    Detail detail;
    for (const OpenFile* file : ends_) detail.ends.push_back(look_at(*file));
    return detail;
  }

 private:
  End look_at(const OpenFile& file) const;
  Other judge(const OpenFile& file, const End& end) const;
  Other not_ours(const OpenFile& file, const End& end, const std::string& why) const;

  const ObjectEnds& ends_;
  const OpenFiles& all_;
};

Other Look::not_ours(const OpenFile& file, const End& end, const std::string& why) const {
  if (outside_is_reset || sharing_is_open()) return Other::lost;
  const std::string peer = end.remote.empty() ? "it is being connected" : "it is with " + end.remote.text();
  refuse(file, peer + ", " + why + "; with --reset-connections it is saved, and reset at a restart");
}

Other Look::judge(const OpenFile& file, const End& end) const {
  const int state = tcp_state(file.fd);
  if (state == TCP_CLOSE) return Other::gone;
  if (end.remote.empty()) return not_ours(file, end, "and nobody has answered");
  const auto peer = diagnose_tcp_socket(end.remote, end.local);
  if (peer && peer->inode == end.inode) refuse(file, "it is connected with itself");
  if (peer && peer->inode != 0) {
    if (is_in_reach(ends_, file.status.st_dev, peer->inode)) return Other::open;
    return not_ours(file, end, "a process that is not saved with it");
  }
  if (peer && waits_to_be_accepted(*peer)) {
    if (!all_.guest_stands()) return Other::open;  // perhaps only just now
    refuse(file, "nobody has accepted it yet");
  }
  const bool within = end.remote.is_loopback() || end.remote.unmapped().as<sockaddr_in>().sin_addr.s_addr ==
                                                      end.local.unmapped().as<sockaddr_in>().sin_addr.s_addr;
  if (peer || (within && state != TCP_ESTABLISHED && state != TCP_SYN_SENT)) return Other::closed;
  return not_ours(file, end, "which is not on this machine, or the kernel does not tell (inet_diag)");
}

End Look::look_at(const OpenFile& file) const {
  if (const std::string holder = all_.other_holder(file); !holder.empty()) refuse(file, holder + " has it open, too");
  if (const std::string option = unsaved_option_of(file.fd); !option.empty()) refuse(file, option);
  pollfd look{file.fd, 0, 0};
  if (poll(&look, 1, 0) > 0 && (look.revents & POLLERR) != 0) refuse(file, "it has an error that was not asked for");
  End end;
  end.inode = file.status.st_ino;
  end.family = number_option(file.fd, SOL_SOCKET, SO_DOMAIN);
  end.local = SocketAddress::local_of(file.fd);
  end.remote = SocketAddress::peer_of(file.fd);
  end.options = options_of(file.fd);
  end.other = judge(file, end);
  if (const auto own = diagnose_tcp_socket(end.local, end.remote)) end.shut = own->shut;
  if (!all_.guest_stands()) return end;
  // Otherwise nobody can have its address for a minute after both ends have been killed.
  reuse_addresses(file.fd);
  try {
    end.content = end.other == Other::open || end.other == Other::closed
                      ? look_into_connection(file.fd, end.local, end.remote)
                      : look_at_arrived(file.fd);
  } catch (const TemporaryError& error) {
    refuse(file, std::string("it ") + error.what());
  }
  return end;
}

std::vector<std::uint8_t> save(const ObjectEnds& ends, const OpenFiles& all, context::Writer* /*writer*/) {
  Detail detail = Look(ends, all).look();
  return encode(detail);
}

Detail detail_of(const SharedObject& object) { return decode<Detail>(object.detail, "ipc, a TCP connection"); }

bool is_sound(const End& end) {
  const bool family = end.family == AF_INET || end.family == AF_INET6;
  const bool addressed = end.local.fits(end.family) && end.remote.fits(end.family);
  const bool connected = end.other == Other::open || end.other == Other::closed;
  return family && end.shut <= 3 && end.other <= Other::gone && (addressed || !connected);
}

void check_object(const SharedObject& object) {
  const Detail detail = detail_of(object);
  const std::size_t count = detail.ends.size();
  const bool sound = std::all_of(detail.ends.begin(), detail.ends.end(), is_sound);
  const bool lone =
      std::any_of(detail.ends.begin(), detail.ends.end(), [](const End& end) { return end.other != Other::open; });
  if (!sound || count == 0 || count > 2 || (count == 2 && lone))
    throw PermanentError("a TCP connection makes no sense");
}

[[noreturn]] void fail(const End& end, const char* what) {
  throw EnvironmentError(
      with_errno("the program's TCP connection with " + end.remote.text() + " cannot " + what, errno));
}

// Both ends, or the one that is left.
std::vector<End> put_together(ObjectParts parts) {
  std::vector<End> ends = ends_of<End>(parts, "ipc, a TCP connection");
  const bool both = ends.size() == 2;
  if (ends.empty() || ends.size() > 2 || (both && (ends[0].other != Other::open || ends[1].other != Other::open)))
    throw PermanentError("a TCP connection makes no sense");
  if (!both && ends[0].other == Other::open)
    throw PermanentError("the other end of a TCP connection with " + ends[0].remote.text() + " is missing");
  return ends;
}

ConnectionEnd address_of(const End& end) { return {end.family, end.local, end.remote, &end.options}; }

// The other end of one that is left. Its family is not known: that of the addresses will do.
ConnectionEnd opposite(const End& end) {
  const SocketAddress local = end.remote.unmapped();
  return {local.family(), local, end.local.unmapped(), nullptr};
}

void shut_down(int fd, std::uint32_t how, bool ended) {
  enum : std::uint32_t { kReading = 1, kWriting = 2 };
  if ((how & kWriting) != 0) shutdown(fd, SHUT_WR);
  if ((how & kReading) != 0 && !ended) shutdown(fd, SHUT_RD);  // else it comes by itself
}

std::vector<UniqueFd> make_both(const std::vector<End>& ends) {
  std::array<UniqueFd, 2> made = make_connection({address_of(ends[0]), address_of(ends[1])});
  for (std::size_t i = 0; i < made.size(); ++i) set_options(made[i].get(), ends[i].options);
  for (std::size_t i = 0; i < made.size(); ++i) {
    if (!send_again(made[1 - i].get(), made[i].get(), ends[i].content)) fail(ends[i], "be filled");
  }
  enum : std::uint32_t { kWriting = 2 };
  for (std::size_t i = 0; i < made.size(); ++i)
    shut_down(made[i].get(), ends[i].shut, (ends[1 - i].shut & kWriting) != 0);
  std::vector<UniqueFd> result;
  std::move(made.begin(), made.end(), std::back_inserter(result));
  return result;
}

// It is closed at once: where its port is taken, another one has to do.
std::array<UniqueFd, 2> make_with_closed(const End& end, Making& making) {
  ConnectionEnd own = address_of(end), other = opposite(end);
  try {
    return make_connection({own, other});
  } catch (const EnvironmentError&) {
    const std::string text = other.local.text();
    other.local = other.local.with_port(0);
    own.remote = own.remote.with_port(0);
    std::array<UniqueFd, 2> made = make_connection({own, other});
    making.notes.push_back("the end of a connection that was closed before, " + text + ", is shown as " +
                           SocketAddress::local_of(made[1].get()).text());
    return made;
  }
}

// What cannot be got from a lost connection comes from one that ends the same way.
UniqueFd make_left(const End& end, Making& making) {
  const bool closed = end.other == Other::closed;
  std::array<UniqueFd, 2> made = closed ? make_with_closed(end, making) : make_any_connection(end.family);
  set_options(made[0].get(), end.options);
  if (!send_again(made[1].get(), made[0].get(), end.content)) fail(end, "be filled");
  if (closed) {
    made[1].reset();
    shut_down(made[0].get(), end.shut, true);
    return std::move(made[0]);
  }
  const linger at_once{1, 0};
  setsockopt(made[1].get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  made[1].reset();
  if (end.other == Other::gone) number_option(made[0].get(), SOL_SOCKET, SO_ERROR);
  if (end.other == Other::lost)
    making.notes.push_back("the connection with " + (end.remote.empty() ? "somebody" : end.remote.text()) +
                           " is reset: its other end was not saved");
  return std::move(made[0]);
}

std::vector<UniqueFd> make(ObjectParts parts, std::span<const Description* const> descriptions, Making& making) {
  const std::vector<End> ends = put_together(parts);
  std::vector<UniqueFd> made;
  if (ends.size() == 2) {
    made = make_both(ends);
  } else {
    made.push_back(make_left(ends[0], making));
  }
  return hand_out(descriptions, ends, std::move(made));
}

// Before any listener has the addresses of those that it has accepted.
constexpr ObjectKind kConnection = {
    .identify = identify, .save = save, .check = check_object, .make = make, .in_parts = true, .made_first = true};

}  // namespace

void reset_outside_connections(bool allowed) noexcept { outside_is_reset = allowed; }
bool outside_connections_are_reset() noexcept { return outside_is_reset; }

extern const DescriptorKind tcp_connection_descriptor;
const DescriptorKind tcp_connection_descriptor = {
    .number = 13,
    .name = "TCP connection",
    .inheritable = false,
    .recognise = recognise,
    .describe = describe_end,
    .check = check_end,
    .reopen = nullptr,
    .refill = nullptr,
    .documentation = {"TCP connection (IPv4, IPv6)",
                      "addresses; what was under way, either way; what has been shut down; options",
                      "both ends must be in the process or its tree, or the other one closed; others are refused, or "
                      "reset at a restart (--reset-connections); one that nobody has accepted yet, urgent data and "
                      "kernel TLS are refused; SO_REUSEADDR is on afterwards; needs inet_diag",
                      "tests/state/descriptors/tcp.cpp"},
    .object = &kConnection,
};

}  // namespace cairn::state
