// SPDX-License-Identifier: Apache-2.0
// Unix sockets that listen, those that are not connected, and those of datagrams that have names or send to one: each
// is an object with one end, so that all of a group have their names before anything is sent to them.
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/base/error.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/descriptors/open_files.hpp"
#include "core/state/descriptors/socket_content.hpp"
#include "core/state/descriptors/socket_diagnosis.hpp"
#include "core/state/descriptors/socket_options.hpp"
#include "core/state/descriptors/unix_name.hpp"

namespace cairn::state {
namespace {

struct UnixDetail {
  std::int32_t type = 0;
  BoundName name;
  bool listens = false;
  std::uint32_t backlog = 0;
  SocketOptions options;
  SocketContent content;               // of datagrams: what it has not received
  std::vector<SocketAddress> senders;  // of each
  template <class Archive>
  void fields(Archive& a) {
    a(type, name, listens, backlog, options, content, senders);
  }
};

// DescriptorKind::describe: where datagrams go, which may be a socket of another process.
struct UnixEnd {
  SocketAddress target;  // empty: not connected
  template <class Archive>
  void fields(Archive& a) {
    a(target);
  }
};

[[noreturn]] void refuse(const OpenFile& file, const std::string& why) {
  throw TemporaryError("Unix socket" + at(file) + " cannot be saved yet: " + why);
}

bool recognise(const OpenFile& file) {
  if (!S_ISSOCK(file.status.st_mode) || number_option(file.fd, SOL_SOCKET, SO_DOMAIN) != AF_UNIX) return false;
  const auto socket = diagnose_unix_socket(file.status.st_ino);
  if (!socket) return false;
  if (number_option(file.fd, SOL_SOCKET, SO_TYPE) != SOCK_DGRAM) return socket->listens || !socket->connected;
  const SocketAddress peer = SocketAddress::peer_of(file.fd);
  return peer.empty() || !peer.unix_name().empty();
}

void look_for_datagrams(const OpenFile& file, UnixDetail& detail) {
  try {
    detail.content = look_into_socket(file.fd, detail.type, false, &detail.senders);
  } catch (const TemporaryError& error) {
    refuse(file, std::string("it ") + error.what());
  }
  for (const SocketAddress& sender : detail.senders) {
    if (!sender.unix_name().empty() && sender.path().empty())
      refuse(file, "it has a message from " + sender.unix_name() + " that has not been received");
  }
}

std::vector<std::uint8_t> save(const ObjectEnds& ends, const OpenFiles& all, context::Writer* /*writer*/) {
  const OpenFile& file = *ends.front();
  if (const std::string holder = all.other_holder(file); !holder.empty()) refuse(file, holder + " has it open, too");
  if (const std::string option = unsaved_option_of(file.fd); !option.empty()) refuse(file, option);
  pollfd look{file.fd, 0, 0};
  if (poll(&look, 1, 0) > 0 && (look.revents & POLLERR) != 0) refuse(file, "it has an error that was not asked for");
  const auto socket = diagnose_unix_socket(file.status.st_ino);
  if (!socket) refuse(file, "the kernel does not tell what it is (unix_diag)");
  UnixDetail detail;
  detail.type = number_option(file.fd, SOL_SOCKET, SO_TYPE);
  try {
    detail.name = name_of_socket(file.fd, *socket);
  } catch (const TemporaryError& error) {
    refuse(file, std::string("it ") + error.what());
  }
  detail.listens = socket->listens;
  detail.backlog = socket->backlog;
  detail.options = options_of(file.fd);
  if (!all.guest_stands()) return encode(detail);
  if (socket->listens && socket->waiting != 0)
    refuse(file,
           std::to_string(socket->waiting) + " connections wait at " + detail.name.address.text() + " to be accepted");
  if (detail.type == SOCK_DGRAM && socket->shut != 0) refuse(file, "it has been shut down");
  if (detail.type == SOCK_DGRAM) look_for_datagrams(file, detail);
  return encode(detail);
}

UnixDetail detail_of(const SharedObject& object) { return decode<UnixDetail>(object.detail, "ipc, a Unix socket"); }

void check_object(const SharedObject& object) {
  const UnixDetail detail = detail_of(object);
  const bool known = detail.type == SOCK_STREAM || detail.type == SOCK_DGRAM || detail.type == SOCK_SEQPACKET;
  const bool senders = std::all_of(detail.senders.begin(), detail.senders.end(),
                                   [](const SocketAddress& a) { return a.empty() || a.fits(AF_UNIX); });
  if (!known || !is_sound(detail.name) || !senders || detail.senders.size() != detail.content.size() ||
      (detail.listens && detail.name.address.empty()))
    throw PermanentError("a Unix socket makes no sense");
}

void check(const Description& description) {
  const auto end = decode<UnixEnd>(detail_of<EndDetail>(description).own, "files, " + description.path);
  if (!end.target.empty() && !end.target.fits(AF_UNIX))
    throw PermanentError("the description of " + description.path + " makes no sense");
}

[[noreturn]] void fail(const UnixDetail& detail, const char* what) {
  throw EnvironmentError(
      with_errno("the program's Unix socket (" + detail.name.address.text() + ") cannot " + what, errno));
}

bool send_from(const SocketAddress& sender, int to, const std::vector<std::uint8_t>& bytes) {
  const UniqueFd from(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const SocketAddress target = SocketAddress::local_of(to);
  const auto deliver = [&] {
    return sendto(from.get(), bytes.data(), bytes.size(), MSG_DONTWAIT, target.get(), target.size()) ==
           static_cast<ssize_t>(bytes.size());
  };
  return sender.unix_name().empty() ? deliver() : bind_for_a_moment(from.get(), sender, deliver);
}

std::vector<UniqueFd> make(ObjectParts parts, std::span<const Description* const> ends, Making& /*making*/) {
  const UnixDetail detail = detail_of(parts.front().object);
  UniqueFd made(socket(AF_UNIX, detail.type | SOCK_CLOEXEC, 0));
  if (!made) fail(detail, "be made");
  if (!bind_again(made.get(), detail.name)) fail(detail, "have its name again");
  set_options(made.get(), detail.options);
  if (detail.listens && listen(made.get(), static_cast<int>(detail.backlog)) != 0) fail(detail, "listen");
  for (std::size_t i = 0; i < detail.content.size(); ++i) {
    if (!send_from(detail.senders[i], made.get(), detail.content[i])) fail(detail, "be filled");
  }
  if (ends.size() > 1) throw PermanentError("a Unix socket is there twice");
  std::vector<UniqueFd> result(ends.size());
  if (!result.empty()) result.front() = std::move(made);
  return result;
}

// Where nobody is there any more, the program finds out when it sends something, as it would have.
void refill(int fd, const Description& description) {
  const auto end = decode<UnixEnd>(detail_of<EndDetail>(description).own, "files, " + description.path);
  if (!end.target.empty() && connect(fd, end.target.get(), end.target.size()) != 0) return;
}

constexpr ObjectKind kUnix = {
    .identify = identity_of,
    .save = save,
    .check = check_object,
    .make = make,
    .made_first = true,
    .turn = 1,
};

}  // namespace

extern const DescriptorKind unix_socket_descriptor;
const DescriptorKind unix_socket_descriptor = {
    .number = 17,
    .name = "Unix socket",
    .inheritable = false,
    .recognise = recognise,
    .describe =
        [](const OpenFile& file, const OpenFiles& /*all*/) {
          UnixEnd end{SocketAddress::peer_of(file.fd)};
          return encode(end);
        },
    .check = check,
    .reopen = nullptr,
    .refill = refill,
    .documentation =
        {"Unix socket that listens, or is not connected; of datagrams with names",
         "name, with the rights of its file; length of the queue, where datagrams go, what was not received, "
         "options",
         "its name must be free at a restart (what nobody has bound any more is removed); refused while "
         "connections wait to be accepted, or with descriptors in it; a target that is not there any more "
         "is not connected again",
         "tests/state/descriptors/unix_sockets.cpp"},
    .object = &kUnix,
};

}  // namespace cairn::state
