// SPDX-License-Identifier: Apache-2.0
// The command's end of the control socket of one process.
#pragma once

#include <sys/types.h>

#include <functional>

#include "core/abi/control_protocol.hpp"
#include "core/base/unique_fd.hpp"

namespace cairn::cli {

class ControlClient {
 public:
  // Connects, and makes sure that it is that process that answers. Waits a moment for one that starts or is being
  // restarted. Throws EnvironmentError (no such process, not permitted), TemporaryError (it is not ready yet),
  // PermanentError (it is not hosted).
  explicit ControlClient(pid_t pid);
  // Sends a request with a descriptor (or -1). Throws EnvironmentError.
  void send(const cairn_control_request& request, int descriptor);
  // Waits for the last reply; `progress` sees the others. Throws TemporaryError if the process ends, or
  // says nothing at all.
  cairn_control_reply wait(const std::function<void(const cairn_control_reply&)>& progress);

 private:
  pid_t pid_;
  UniqueFd socket_;
};

cairn_control_request make_request(cairn_control_command command);

}  // namespace cairn::cli
