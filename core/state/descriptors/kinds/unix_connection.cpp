// SPDX-License-Identifier: Apache-2.0
// Unix sockets that have been connected by a name (connect(2), accept(2)): those of which the process and its group
// have both ends, or the only one that is left; and, if that is asked for, ends of connections with others, which a
// restart has reset.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <utility>

#include "core/abi/control_address.hpp"
#include "core/base/error.hpp"
#include "core/state/descriptors/connection_ends.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/descriptors/kind.hpp"
#include "core/state/descriptors/open_files.hpp"
#include "core/state/descriptors/socket_content.hpp"
#include "core/state/descriptors/socket_diagnosis.hpp"
#include "core/state/descriptors/socket_options.hpp"
#include "core/state/descriptors/unix_name.hpp"

namespace cairn::state {
namespace {

// What has become of the other end; `lost`: it is not ours, a restart has the connection reset.
enum class Other : std::uint8_t { open, closed, lost };

struct End {
  std::uint64_t inode = 0;
  std::int32_t type = 0;
  SocketAddress local, remote;
  std::uint32_t shut = 0;  // 1 for reading, 2 for writing
  Other other = Other::open;
  SocketOptions options;
  SocketContent content;  // what it has not received
  template <class Archive>
  void fields(Archive& a) {
    a(inode, type, local, remote, shut, other, options, content);
  }
};

using Detail = ConnectionDetail<End>;

[[noreturn]] void refuse(const OpenFile& file, const std::string& why) {
  throw TemporaryError("Unix connection" + at(file) + " cannot be saved yet: " + why);
}

bool recognise(const OpenFile& file) {
  if (!S_ISSOCK(file.status.st_mode) || number_option(file.fd, SOL_SOCKET, SO_DOMAIN) != AF_UNIX) return false;
  if (number_option(file.fd, SOL_SOCKET, SO_TYPE) == SOCK_DGRAM) return false;
  const auto socket = diagnose_unix_socket(file.status.st_ino);
  return socket && socket->connected && !socket->listens;
}

UnixSocket look_at(const OpenFile& file) {
  const auto socket = diagnose_unix_socket(file.status.st_ino);
  if (!socket) refuse(file, "the kernel does not tell what it is connected with (unix_diag)");
  return *socket;
}

ObjectIdentity identify(const OpenFile& file) { return identity_of_both(file, look_at(file).peer); }

constexpr std::uint32_t kBothWays = 3;

// By which the program asks for a checkpoint (libcr): whoever comes out of a file has nothing more to hear there.
bool is_of_cairn(const OpenFile& file) {
  const std::string prefix = std::string("@") + control_names, name = SocketAddress::peer_of(file.fd).unix_name();
  return name.starts_with(prefix) && name.find_first_not_of("0123456789/", prefix.size()) == std::string::npos;
}

// One that nobody has accepted has a peer without an inode, and so has one whose peer has been closed, which has been
// shut down by that.
Other judge(const OpenFile& file, const UnixSocket& socket, const ObjectEnds& ends, const OpenFiles& all) {
  if ((socket.peer == 0 && socket.shut == kBothWays) || is_of_cairn(file)) return Other::closed;
  if (socket.peer == 0 && all.guest_stands()) refuse(file, "nobody has accepted it yet");
  if (socket.peer == 0 || is_in_reach(ends, file.status.st_dev, socket.peer)) return Other::open;
  if (outside_connections_are_reset()) return Other::lost;
  const SocketAddress peer = SocketAddress::peer_of(file.fd), own = SocketAddress::local_of(file.fd);
  refuse(file, "its other end (" + (peer.unix_name().empty() ? own : peer).text() +
                   ") is in a process that is not saved with it, or lies in a socket; with --reset-connections it is "
                   "saved, and reset at a restart");
}

End look_at_end(const OpenFile& file, const ObjectEnds& ends, const OpenFiles& all) {
  if (const std::string holder = all.other_holder(file); !holder.empty()) refuse(file, holder + " has it open, too");
  if (const std::string option = unsaved_option_of(file.fd); !option.empty()) refuse(file, option);
  pollfd look{file.fd, 0, 0};
  if (poll(&look, 1, 0) > 0 && (look.revents & POLLERR) != 0) refuse(file, "it has an error that was not asked for");
  const UnixSocket socket = look_at(file);
  End end;
  end.inode = file.status.st_ino;
  end.type = number_option(file.fd, SOL_SOCKET, SO_TYPE);
  end.local = SocketAddress::local_of(file.fd);
  if (!is_of_cairn(file)) end.remote = SocketAddress::peer_of(file.fd);
  end.shut = socket.shut;
  end.other = judge(file, socket, ends, all);
  end.options = options_of(file.fd);
  if (all.guest_stands()) try {
      end.content = look_into_socket(file.fd, end.type, (socket.shut & 1) != 0);
    } catch (const TemporaryError& error) {
      refuse(file, std::string("it ") + error.what());
    }
  return end;
}

std::vector<std::uint8_t> save(const ObjectEnds& ends, const OpenFiles& all, context::Writer* /*writer*/) {
  Detail detail;
  for (const OpenFile* file : ends) detail.ends.push_back(look_at_end(*file, ends, all));
  return encode(detail);
}

Detail detail_of(const SharedObject& object) { return decode<Detail>(object.detail, "ipc, a Unix connection"); }

bool is_sound(const End& end) {
  const auto fits = [](const SocketAddress& address) { return address.empty() || address.fits(AF_UNIX); };
  return (end.type == SOCK_STREAM || end.type == SOCK_SEQPACKET) && end.shut <= kBothWays && end.other <= Other::lost &&
         fits(end.local) && fits(end.remote) && (end.type != SOCK_STREAM || end.content.size() <= 1);
}

bool is_whole(const std::vector<End>& ends) {
  const bool lone = std::any_of(ends.begin(), ends.end(), [](const End& end) { return end.other != Other::open; });
  return (ends.size() == 1 && lone) || (ends.size() == 2 && !lone && ends[0].type == ends[1].type);
}

void check_object(const SharedObject& object) {
  const Detail detail = detail_of(object);
  const bool sound = std::all_of(detail.ends.begin(), detail.ends.end(), is_sound);
  if (!sound || detail.ends.empty() || (detail.ends.size() != 1 && !is_whole(detail.ends)))
    throw PermanentError("a Unix connection makes no sense");
}

std::string name_of(const End& end) { return (end.remote.unix_name().empty() ? end.local : end.remote).text(); }

[[noreturn]] void fail(const End& end, const char* what) {
  throw EnvironmentError(with_errno("the program's Unix connection (" + name_of(end) + ") cannot " + what, errno));
}

// Accepted at one name, perhaps from another. Empty, with errno, if a name cannot be had.
std::array<UniqueFd, 2> connect_by_name(int type, const SocketAddress& accepting, const SocketAddress& connecting) {
  const UniqueFd listener(socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  std::array<UniqueFd, 2> made{UniqueFd(), UniqueFd(socket(AF_UNIX, type | SOCK_CLOEXEC, 0))};
  const auto meet = [&] {
    return listen(listener.get(), 1) == 0 && connect(made[1].get(), accepting.get(), accepting.size()) == 0;
  };
  const auto bound_first = [&] {
    return connecting.unix_name().empty() ? meet() : bind_for_a_moment(made[1].get(), connecting, meet);
  };
  if (!listener || !made[1] || !bind_for_a_moment(listener.get(), accepting, bound_first)) return {};
  made[0].reset(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  return made;
}

// The first is `end`. Whoever shows the name as its own has accepted.
std::array<UniqueFd, 2> make_ends(const End& end, Making& making) {
  const bool accepted = !end.local.unix_name().empty();
  std::array<UniqueFd, 2> made;
  if (accepted || !end.remote.unix_name().empty()) {
    made =
        accepted ? connect_by_name(end.type, end.local, end.remote) : connect_by_name(end.type, end.remote, end.local);
    if (!accepted) std::swap(made[0], made[1]);
    if (made[0] && made[1]) return made;
    making.notes.push_back(
        with_errno("the connection by the Unix socket " + name_of(end) + " has no name any more", errno));
  }
  int pair[2];
  if (socketpair(AF_UNIX, end.type | SOCK_CLOEXEC, 0, pair) != 0) fail(end, "be made");
  made[0].reset(pair[0]);
  made[1].reset(pair[1]);
  return made;
}

void shut_down(int fd, std::uint32_t how) {
  constexpr std::array<int, kBothWays + 1> kHow{-1, SHUT_RD, SHUT_WR, SHUT_RDWR};
  if (how != 0) shutdown(fd, kHow.at(how));
}

std::vector<UniqueFd> make_both(const std::vector<End>& ends, Making& making) {
  const bool first_has_name = !ends[0].local.unix_name().empty();
  const std::size_t first = first_has_name ? 0 : 1;
  std::array<UniqueFd, 2> made = make_ends(ends[first], making);
  if (first == 1) std::swap(made[0], made[1]);
  for (std::size_t i = 0; i < made.size(); ++i) set_options(made[i].get(), ends[i].options);
  for (std::size_t i = 0; i < made.size(); ++i) {
    if (!send_again(made[1 - i].get(), ends[i].content)) fail(ends[i], "be filled");
  }
  for (std::size_t i = 0; i < made.size(); ++i) shut_down(made[i].get(), ends[i].shut);
  std::vector<UniqueFd> result;
  std::move(made.begin(), made.end(), std::back_inserter(result));
  return result;
}

// What closes with something in it that it has not received resets the other end.
UniqueFd make_left(const End& end, Making& making) {
  std::array<UniqueFd, 2> made = make_ends(end, making);
  set_options(made[0].get(), end.options);
  if (!send_again(made[1].get(), end.content)) fail(end, "be filled");
  if (end.other == Other::lost) {
    if (send(made[0].get(), "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) != 1) fail(end, "be reset");
    making.notes.push_back("the connection by the Unix socket " + name_of(end) +
                           " is reset: its other end was not saved");
  }
  return std::move(made[0]);
}

std::vector<UniqueFd> make(ObjectParts parts, std::span<const Description* const> descriptions, Making& making) {
  const std::vector<End> ends = ends_of<End>(parts, "ipc, a Unix connection");
  if (!is_whole(ends)) throw PermanentError("a Unix connection makes no sense, or its other end is missing");
  std::vector<UniqueFd> made;
  if (ends.size() == 2) {
    made = make_both(ends, making);
  } else {
    made.push_back(make_left(ends[0], making));
  }
  return hand_out(descriptions, ends, std::move(made));
}

// Before any listener has the name.
constexpr ObjectKind kConnection = {
    .identify = identify, .save = save, .check = check_object, .make = make, .in_parts = true, .made_first = true};

}  // namespace

extern const DescriptorKind unix_connection_descriptor;
const DescriptorKind unix_connection_descriptor = {
    .number = 16,
    .name = "Unix connection",
    .inheritable = false,
    .recognise = recognise,
    .describe = describe_end,
    .check = check_end,
    .reopen = nullptr,
    .refill = nullptr,
    .documentation =
        {"Unix connection by a name (connect, accept)",
         "names, what was not received, either way; what has been shut down; options",
         "both ends must be in the process or its tree, or the other one closed; others are refused, or "
         "reset at a restart (--reset-connections); one that nobody has accepted yet, descriptors that are "
         "on their way and urgent data are refused; SO_PEERCRED names who restarts it",
         "tests/state/descriptors/unix_sockets.cpp"},
    .object = &kConnection,
};

}  // namespace cairn::state
