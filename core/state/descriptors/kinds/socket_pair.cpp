// SPDX-License-Identifier: Apache-2.0
// Unix sockets without names that are connected with each other (socketpair(2)), of which the process and its group
// have both ends, or the only one that is left.
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "core/base/error.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/descriptors/kinds/socket_pair_v1.hpp"
#include "core/state/descriptors/open_files.hpp"
#include "core/state/descriptors/socket_content.hpp"
#include "core/state/descriptors/socket_diagnosis.hpp"
#include "core/state/descriptors/socket_options.hpp"
#include "core/state/group_scope.hpp"

namespace cairn::state {
namespace {

struct Side {
  bool open = false;
  std::uint64_t inode = 0;
  std::uint32_t shut = 0;
  SocketOptions options;
  SocketContent content;  // what it has not received
  template <class Archive>
  void fields(Archive& a) {
    a(open, inode, shut, options, content);
  }
};

struct PairDetail {
  static constexpr std::int32_t kForm = 0x200;  // what PairDetailV1 begins with is a type, and smaller
  std::int32_t form = kForm, type = 0;
  std::array<Side, 2> sides;
  template <class Archive>
  void fields(Archive& a) {
    a(form, type, sides);
  }
};

struct PairEnd {
  std::uint64_t inode = 0;
  template <class Archive>
  void fields(Archive& a) {
    a(inode);
  }
};

bool has_name(int fd, int (*name)(int, sockaddr*, socklen_t*)) {
  sockaddr_un address{};
  socklen_t size = sizeof address;
  return name(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0 && size > offsetof(sockaddr_un, sun_path);
}

bool recognise(const OpenFile& file) {
  if (!S_ISSOCK(file.status.st_mode) || number_option(file.fd, SOL_SOCKET, SO_DOMAIN) != AF_UNIX) return false;
  if (has_name(file.fd, getsockname) || has_name(file.fd, getpeername)) return false;
  const auto socket = diagnose_unix_socket(file.status.st_ino);
  return socket && socket->connected;
}

[[noreturn]] void refuse(const OpenFile& file, const std::string& why) {
  throw TemporaryError("Unix socket" + at(file) + " cannot be saved yet: " + why);
}

UnixSocket look_at(const OpenFile& file) {
  const auto socket = diagnose_unix_socket(file.status.st_ino);
  if (!socket) refuse(file, "the kernel does not tell what it is connected with (unix_diag)");
  return *socket;
}

ObjectIdentity identify(const OpenFile& file) { return identity_of_both(file, look_at(file).peer); }

Side look_at_side(const OpenFile& file, const UnixSocket& socket, int type, bool guest_stands) {
  if (const std::string option = unsaved_option_of(file.fd); !option.empty()) refuse(file, option);
  pollfd look{file.fd, 0, 0};
  if (poll(&look, 1, 0) > 0 && (look.revents & POLLERR) != 0) refuse(file, "it has an error that was not asked for");
  Side side;
  side.open = true;
  side.inode = file.status.st_ino;
  side.shut = socket.shut;
  side.options = options_of(file.fd);
  if (guest_stands) try {
      side.content = look_into_socket(file.fd, type, (socket.shut & 1) != 0);
    } catch (const TemporaryError& error) {
      refuse(file, std::string("it ") + error.what());
    }
  return side;
}

// The other end, which is none of this process's: does another process of the group have it?
bool is_in_group(std::uint64_t device, std::uint64_t peer) {
  const GroupSharing* sharing = group_sharing();
  return sharing_is_open() || (sharing != nullptr && sharing->file(device, peer) != nullptr);
}

std::vector<std::uint8_t> save(const ObjectEnds& ends, const OpenFiles& all, context::Writer* /*writer*/) {
  PairDetail detail;
  detail.type = number_option(ends.front()->fd, SOL_SOCKET, SO_TYPE);
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const OpenFile& file = *ends[i];
    if (const std::string holder = all.other_holder(file); !holder.empty()) refuse(file, holder + " has it open, too");
    const UnixSocket socket = look_at(file);
    const bool has_peer = ends.size() == detail.sides.size() && socket.peer == ends[1 - i]->status.st_ino;
    if (socket.peer != 0 && !has_peer && !is_in_group(file.status.st_dev, socket.peer))
      refuse(file, "its other end is in another process, or lies in a socket");
    detail.sides.at(i) = look_at_side(file, socket, detail.type, all.guest_stands());
  }
  return encode(detail);
}

constexpr const char* kSection = "ipc, a pair of sockets";

PairDetail from_v1(const SharedObject& object) {
  auto old = decode<PairDetailV1>(object.detail, kSection);
  PairDetail detail;
  detail.type = old.type;
  for (std::size_t i = 0; i < old.sides.size(); ++i) {
    PairSideV1& side = old.sides[i];
    detail.sides[i] = {side.open, side.inode, side.shut, side.options(), std::move(side.content)};
  }
  return detail;
}

PairDetail detail_of(const SharedObject& object) {
  constexpr std::uint8_t kForm = PairDetail::kForm >> 8;  // numbers begin with their lowest byte
  if (object.detail.size() > 1 && object.detail[1] != kForm) return from_v1(object);
  return decode<PairDetail>(object.detail, kSection);
}

void check_object(const SharedObject& object) {
  const PairDetail detail = detail_of(object);
  const bool known = detail.type == SOCK_STREAM || detail.type == SOCK_DGRAM || detail.type == SOCK_SEQPACKET;
  const auto sound = [&](const Side& side) {
    return side.shut <= 3 && (detail.type != SOCK_STREAM || side.content.size() <= 1);
  };
  if (detail.form != PairDetail::kForm || !known || !detail.sides[0].open ||
      !std::all_of(detail.sides.begin(), detail.sides.end(), sound))
    throw PermanentError("a pair of sockets makes no sense");
}

void check(const Description& description) {
  static_cast<void>(decode<PairEnd>(detail_of<EndDetail>(description).own, "files, " + description.path));
}

[[noreturn]] void fail(const char* what) {
  throw EnvironmentError(with_errno(std::string("a pair of Unix sockets of the program cannot ") + what, errno));
}

void shut_down(int fd, std::uint32_t how) {
  constexpr std::array<int, 4> kHow{-1, SHUT_RD, SHUT_WR, SHUT_RDWR};
  if (how != 0) shutdown(fd, kHow[how]);
}

// What each process has saved of its ends.
PairDetail put_together(ObjectParts parts) {
  PairDetail whole;
  std::size_t known = 0;
  for (const ObjectPart& part : parts) {
    const PairDetail detail = detail_of(part.object);
    for (const Side& side : detail.sides) {
      if (!side.open) continue;
      if (known == whole.sides.size() || (known != 0 && detail.type != whole.type))
        throw PermanentError("a pair of sockets makes no sense");
      whole.type = detail.type;
      whole.sides[known++] = side;
    }
  }
  return whole;
}

std::vector<UniqueFd> make(ObjectParts parts, std::span<const Description* const> ends, Making& /*making*/) {
  const PairDetail detail = put_together(parts);
  int pair[2];
  if (socketpair(AF_UNIX, detail.type | SOCK_CLOEXEC, 0, pair) != 0) fail("be made");
  std::array<UniqueFd, 2> made{UniqueFd(pair[0]), UniqueFd(pair[1])};
  for (std::size_t i = 0; i < made.size(); ++i) {
    if (detail.sides[i].open) set_options(made[i].get(), detail.sides[i].options);
  }
  for (std::size_t i = 0; i < made.size(); ++i) {
    if (!send_again(made[1 - i].get(), detail.sides[i].content)) fail("be filled");
  }
  for (std::size_t i = 0; i < made.size(); ++i) {
    if (detail.sides[0].open && detail.sides[1].open) shut_down(made[i].get(), detail.sides[i].shut);
  }
  if (!detail.sides[1].open) made[1].reset();
  std::vector<UniqueFd> result(ends.size());
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const auto end = decode<PairEnd>(detail_of<EndDetail>(*ends[i]).own, "files");
    UniqueFd& side = made[end.inode == detail.sides[0].inode ? 0 : 1];
    if (!side) throw PermanentError("a pair of sockets has one end twice");
    result[i] = std::move(side);
  }
  return result;
}

constexpr ObjectKind kPair = {
    .identify = identify, .save = save, .check = check_object, .make = make, .in_parts = true};

}  // namespace

extern const DescriptorKind socket_pair_descriptor;
const DescriptorKind socket_pair_descriptor = {
    .number = 11,
    .name = "socket pair",
    .inheritable = false,
    .recognise = recognise,
    .describe =
        [](const OpenFile& file, const OpenFiles& /*all*/) {
          PairEnd end{file.status.st_ino};
          return encode(end);
        },
    .check = check,
    .reopen = nullptr,
    .refill = nullptr,
    .documentation = {"pair of Unix sockets (socketpair)",
                      "what was not received, either way; what has been shut down; options",
                      "both ends must be in the process or its tree, or the other one closed; descriptors that are on "
                      "their way, and urgent data, are refused; needs unix_diag",
                      "tests/state/descriptors/socket_pairs.cpp"},
    .object = &kPair,
};

}  // namespace cairn::state
