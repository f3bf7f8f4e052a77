// SPDX-License-Identifier: Apache-2.0
// What no other kind knows. Never in a context file.
#include <netinet/in.h>
#include <sys/socket.h>

#include "core/base/error.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/descriptors/socket_options.hpp"
#include "core/state/descriptors/standard_files.hpp"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262  // Linux 5.6
#endif

namespace cairn::state {
namespace {

// Of those that are no TCP and UDP.
std::string protocol_name(int protocol) {
  switch (protocol) {
    case IPPROTO_MPTCP:
      return " MPTCP";
    case IPPROTO_SCTP:
      return " SCTP";
    case IPPROTO_UDPLITE:
      return " UDP-Lite";
    case IPPROTO_DCCP:
      return " DCCP";
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
      return " ICMP";
    default:
      return "";
  }
}

std::string socket_name(const OpenFile& file) {
  const int domain = number_option(file.fd, SOL_SOCKET, SO_DOMAIN), type = number_option(file.fd, SOL_SOCKET, SO_TYPE);
  std::string family = domain == AF_UNIX ? "Unix" : domain == AF_INET ? "IPv4" : domain == AF_INET6 ? "IPv6" : "";
  const bool internet = domain == AF_INET || domain == AF_INET6;
  if (family.empty()) family = "family " + std::to_string(domain);
  if (internet) family += protocol_name(number_option(file.fd, SOL_SOCKET, SO_PROTOCOL));
  const char* sort = type == SOCK_STREAM ? " stream" : type == SOCK_DGRAM ? " datagram" : "";
  if (internet && type == SOCK_RAW) sort = " raw";
  return family + sort + " socket";
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
