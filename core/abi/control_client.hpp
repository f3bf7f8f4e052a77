// SPDX-License-Identifier: Apache-2.0
// The asker's end of the control socket of one process: a command, or the host that leads a group. Ordinary code, one
// thread each.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>

#include "core/abi/control_protocol.hpp"
#include "core/base/error.hpp"
#include "core/base/unique_fd.hpp"

namespace cairn {

// Whoever was asked has gone, but its process has not: it executed another program, which may be asked in its place.
class ExecutedAnother : public TemporaryError {
 public:
  using TemporaryError::TemporaryError;
};

class ControlClient {
 public:
  // Connects, and makes sure that it is that process that answers. Waits a moment for one that starts or is being
  // restarted. Throws EnvironmentError (no such process, not permitted), TemporaryError (it is not ready yet),
  // PermanentError (it is not hosted).
  explicit ControlClient(pid_t pid);
  // Sends a request with a descriptor (or -1). Throws EnvironmentError, or as wait() if the process has gone.
  void send(const cairn_control_request& request, int descriptor);
  // One step of a group's checkpoint, for a member that was sent a request with CAIRN_CONTROL_MEMBER; with a
  // descriptor, or -1. False if it has gone.
  bool send(const cairn_control_order& order, int descriptor) noexcept;
  // Nothing more will be asked: whoever serves it gives it up. Replies can still be read until it has.
  void give_up() noexcept;
  // The next reply of any kind; nothing if none comes in time. Throws TemporaryError if the process has ended,
  // or ExecutedAnother.
  std::optional<cairn_control_reply> receive(double seconds);
  // Waits for the last reply; `progress` sees the others. Throws TemporaryError if the process ends, or says
  // nothing at all, or ExecutedAnother.
  cairn_control_reply wait(const std::function<void(const cairn_control_reply&)>& progress);

 private:
  cairn_control_reply checked(const cairn_control_reply& reply, ssize_t bytes) const;

  pid_t pid_;
  UniqueFd socket_;
};

cairn_control_request make_request(cairn_control_command command);

}  // namespace cairn
