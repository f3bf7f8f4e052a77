// SPDX-License-Identifier: Apache-2.0
// What no other kind knows. Never in a context file.
#include <sys/socket.h>

#include "core/base/error.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/descriptors/standard_files.hpp"

namespace cairn::state {
namespace {

std::string socket_name(const OpenFile& file) {
  int domain = 0, type = 0;
  socklen_t length = sizeof domain;
  getsockopt(file.fd, SOL_SOCKET, SO_DOMAIN, &domain, &length);
  length = sizeof type;
  getsockopt(file.fd, SOL_SOCKET, SO_TYPE, &type, &length);
  std::string family = domain == AF_UNIX ? "Unix" : domain == AF_INET ? "IPv4" : domain == AF_INET6 ? "IPv6" : "";
  if (family.empty()) family = "family " + std::to_string(domain);
  return family + (type == SOCK_STREAM ? " stream" : type == SOCK_DGRAM ? " datagram" : "") + " socket";
}

// What the program may not even know of.
std::string where(const OpenFile& file) {
  if (!was_open_at_start(file)) return at(file);
  return at(file) + ", which was open when the program was started (start it with " + std::to_string(file.fd) +
         ">&- if it has no use for it),";
}

std::string name_of(const OpenFile& file) {
  return file.path.empty() ? "with a path longer than 4095 bytes" : file.path;
}

[[noreturn]] void refuse_without_path(const OpenFile& file) {
  const bool directory = S_ISDIR(file.status.st_mode);
  throw PermanentError(std::string(directory ? "directory" : "file") + where(file) +
                       " cannot be saved: its path is longer than 4095 bytes, and cannot be found, since " +
                       (file.status.st_nlink == 0 ? "it has been deleted"
                        : directory               ? "a directory above it cannot be read"
                                                  : "it cannot be read"));
}

[[noreturn]] void refuse(const OpenFile& file) {
  const mode_t mode = file.status.st_mode;
  if (S_ISSOCK(mode)) throw TemporaryError(socket_name(file) + where(file) + " cannot be saved yet");
  if (S_ISFIFO(mode) && file.path.starts_with("pipe:"))
    throw TemporaryError("pipe" + where(file) + " cannot be saved yet");
  if (S_ISFIFO(mode)) throw TemporaryError("named pipe " + name_of(file) + where(file) + " cannot be saved yet");
  if (S_ISCHR(mode) || S_ISBLK(mode))
    throw TemporaryError("device " + name_of(file) + where(file) + " cannot be saved");
  if (file.path.empty()) refuse_without_path(file);
  std::string what = file.path;
  if (what.starts_with("anon_inode:")) what = what.substr(11);
  if (what.starts_with("[") && what.ends_with("]")) what = what.substr(1, what.size() - 2);
  throw TemporaryError(what + where(file) + " cannot be saved yet");
}

std::vector<std::uint8_t> describe(const OpenFile& file, const OpenFiles& /*all*/) { refuse(file); }

}  // namespace

extern const DescriptorKind refused_descriptor;
const DescriptorKind refused_descriptor = {
    .number = ~0u,
    .name = "refused",
    .inheritable = false,
    .recognise = [](const OpenFile&) { return true; },
    .describe = describe,
    .check = [](const Description& description) { throw PermanentError(description.path + " was never saved"); },
    .reopen = [](const Description&) { return UniqueFd(); },
    .refill = nullptr,
    .documentation = {"everything else: sockets of other families, io_uring, ...", "not at all",
                      "refused by name with its descriptor; the program goes on", "tests/state/refusals/refused.cpp"},
};

}  // namespace cairn::state
