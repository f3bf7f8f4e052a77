// SPDX-License-Identifier: Apache-2.0
#include "pmix/coordinator/tool_channel.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdio>

#include "core/abi/control_address.hpp"
#include "core/base/error.hpp"
#include "core/base/modes.hpp"

namespace cairn::pmix {
namespace {

// The socket's name in an open directory.
sockaddr_un name_in(int directory) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::snprintf(name.sun_path, sizeof name.sun_path, "/proc/self/fd/%d/%s", directory, kToolSocket);
  return name;
}

const sockaddr* generic(const sockaddr_un& name) { return reinterpret_cast<const sockaddr*>(&name); }

UniqueFd open_directory(const std::string& path) {
  return UniqueFd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

void check_owner(const std::string& path, int directory, uid_t owner) {
  struct stat place {
  }, socket{};
  if (::fstat(directory, &place) != 0) throw EnvironmentError(with_errno(path, errno));
  if (::fstatat(directory, kToolSocket, &socket, AT_SYMLINK_NOFOLLOW) != 0)
    throw TemporaryError(with_errno(path + "/" + kToolSocket, errno));
  if (place.st_uid != owner || (place.st_mode & 077) != 0 || socket.st_uid != owner || !S_ISSOCK(socket.st_mode))
    throw EnvironmentError(path + " cannot be trusted: user " + std::to_string(owner) + " must own it and the socket " +
                           kToolSocket + " in it, and nobody else may enter");
}

UniqueFd new_listener() { return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }

// Connecting waits as sending does, while too many others wait to be accepted.
UniqueFd new_socket(double seconds) {
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) throw EnvironmentError(with_errno("no socket", errno));
  timeval patience{};
  patience.tv_sec = static_cast<time_t>(std::ceil(seconds));
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return socket;
}

std::optional<ucred> peer_of(int socket) {
  ucred peer{};
  socklen_t length = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return std::nullopt;
  return peer;
}

}  // namespace

UniqueFd listen_for_tools(const std::string& directory) {
  const UniqueFd place = open_directory(directory);
  UniqueFd listener = new_listener();
  const sockaddr_un name = name_in(place.get());
  if (!place || !listener || ::bind(listener.get(), generic(name), sizeof name) != 0 ||
      ::listen(listener.get(), SOMAXCONN) != 0)
    throw EnvironmentError(with_errno("no socket for ompi-checkpoint in " + directory, errno));
  complete_mode(place.get(), kToolSocket, 0600);  // who may not write may not connect
  return listener;
}

UniqueFd listen_by_number() {
  UniqueFd listener = new_listener();
  const ControlAddress name = ControlAddress::of_mpirun(::getpid());
  if (!listener || ::bind(listener.get(), name.get(), name.length()) != 0 || ::listen(listener.get(), SOMAXCONN) != 0)
    return {};
  return listener;
}

UniqueFd connect_to_mpirun(const std::string& directory, uid_t owner, double seconds) {
  const UniqueFd place = open_directory(directory);
  if (!place) throw TemporaryError(with_errno(directory, errno));
  check_owner(directory, place.get(), owner);
  UniqueFd socket = new_socket(seconds);
  const sockaddr_un name = name_in(place.get());
  if (::connect(socket.get(), generic(name), sizeof name) != 0)
    throw TemporaryError(with_errno(directory + "/" + kToolSocket, errno));
  if (user_behind(socket.get()) != owner)
    throw EnvironmentError("who listens at " + directory + "/" + kToolSocket + " is not user " + std::to_string(owner));
  return socket;
}

UniqueFd connect_by_number(pid_t mpirun, uid_t owner, double seconds) {
  UniqueFd socket = new_socket(seconds);
  const ControlAddress name = ControlAddress::of_mpirun(mpirun);
  if (::connect(socket.get(), name.get(), name.length()) != 0)
    throw TemporaryError(with_errno("the socket of process " + std::to_string(mpirun), errno));
  const auto peer = peer_of(socket.get());
  if (!peer || peer->uid != owner || peer->pid != mpirun)
    throw TemporaryError("who listens for process " + std::to_string(mpirun) + " is another process");
  return socket;
}

std::optional<uid_t> user_behind(int socket) {
  const auto peer = peer_of(socket);
  return peer ? std::optional(peer->uid) : std::nullopt;
}

std::string make_frame(std::string_view head, std::string_view text) {
  const std::size_t length = head.size() + text.size();
  if (length > kLongestAnswer) throw PermanentError("a message between mpirun and a tool would be too long");
  std::string frame;
  frame.reserve(sizeof(std::uint32_t) + length);
  for (unsigned i = 0; i < sizeof(std::uint32_t); ++i) frame.push_back(static_cast<char>(length >> (8 * i) & 0xff));
  return frame.append(head).append(text);
}

std::size_t IncomingFrame::expected() const {
  if (bytes_.size() < kHead) return kHead;
  std::size_t length = 0;
  for (unsigned i = 0; i < kHead; ++i)
    length |= static_cast<std::size_t>(static_cast<unsigned char>(bytes_[i])) << (8 * i);
  return kHead + length;
}

bool IncomingFrame::whole() const { return bytes_.size() >= kHead && bytes_.size() == expected(); }

bool IncomingFrame::take_from(int socket) {
  while (!whole()) {
    if (expected() - kHead > longest_) return false;
    char buffer[16384];
    const ssize_t n =
        ::recv(socket, buffer, std::min(sizeof buffer, expected() - bytes_.size()), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return true;
    if (n <= 0) return false;
    bytes_.append(buffer, static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace cairn::pmix
