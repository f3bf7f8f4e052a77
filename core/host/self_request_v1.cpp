// SPDX-License-Identifier: Apache-2.0
#include "core/host/self_request_v1.hpp"

#include <cstring>

namespace cairn::host {
namespace {

constexpr std::uint32_t kKnownFlags = v1::kToFile | v1::kByReference | v1::kNoSync | v1::kWasStopped;

template <std::size_t N>
bool ends(const char (&text)[N]) {
  return std::memchr(text, '\0', N) != nullptr;
}

bool is_request(const v1::ControlRequest& old) {
  return old.magic == CAIRN_CONTROL_MAGIC && old.version == v1::kControlVersion && old.size == sizeof old &&
         (old.flags & ~kKnownFlags) == 0 && old.existing <= CAIRN_CONTROL_NOCLOBBER && ends(old.name) &&
         ends(old.backup) && ends(old.engine) && ends(old.compress);
}

CheckpointParameters parameters_of(const v1::ControlRequest& old) {
  CheckpointParameters parameters;
  if (old.engine[0] != '\0') parameters.engine = old.engine;
  if (old.compress[0] != '\0') parameters.compress = old.compress;
  parameters.fork = static_cast<ForkMode>(old.fork_mode);  // the same numbers
  parameters.by_reference = (old.flags & v1::kByReference) != 0;
  parameters.sync = (old.flags & v1::kNoSync) == 0;
  parameters.timeout = old.deadline;
  return parameters;
}

}  // namespace

std::optional<cairn_control_request> from_v1(const v1::ControlRequest& old) {
  if (!is_request(old)) return std::nullopt;
  cairn_control_request request;
  request.command = old.command;
  if ((old.flags & v1::kToFile) != 0) request.flags |= CAIRN_CONTROL_TO_FD;
  if ((old.flags & v1::kWasStopped) != 0) request.flags |= CAIRN_CONTROL_WAS_STOPPED;
  request.existing = old.existing;
  request.signal = old.signal;
  static_assert(sizeof request.name == sizeof old.name && sizeof request.backup == sizeof old.backup);
  std::memcpy(request.name, old.name, sizeof request.name);
  std::memcpy(request.backup, old.backup, sizeof request.backup);
  request.parameters = parameters_of(old);
  if (!cairn_control_values(request)) return std::nullopt;  // the fork mode, the deadline
  return request;
}

v1::ControlReply to_v1(const cairn_control_reply& reply) {
  v1::ControlReply old{};
  old.magic = CAIRN_CONTROL_MAGIC;
  old.version = v1::kControlVersion;
  old.size = sizeof old;
  old.state = reply.state;
  old.code = reply.code;
  old.forked = reply.statistics.forked ? 1 : 0;
  old.bytes = reply.statistics.bytes;
  old.checksum = reply.statistics.checksum;
  old.callback_seconds = reply.statistics.callback_seconds;
  old.stop_seconds = reply.statistics.stop_seconds;
  old.pause_seconds = reply.statistics.pause_seconds;
  old.write_seconds = reply.statistics.write_seconds;
  static_assert(sizeof old.text == sizeof reply.text);
  std::memcpy(old.text, reply.text, sizeof old.text);
  return old;
}

}  // namespace cairn::host
