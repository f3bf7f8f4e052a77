// SPDX-License-Identifier: Apache-2.0
// The other end of a group's checkpoint, as a member sees it: who tells it step by step what to do
// (core/abi/control_protocol.hpp). Ordinary code, on the thread that takes the checkpoint.
#pragma once

#include <functional>

#include "core/abi/control_protocol.hpp"

namespace cairn::host {

struct Leader {
  // Answers that are not the last.
  std::function<void(const cairn_control_reply&)> tell;
  // The next order. Throws TemporaryError if none comes within `seconds`, or the leader has given up.
  std::function<cairn_control_order(double seconds)> next;
};

// `next` of a leader at the other end of this socket.
cairn_control_order next_order(int socket, double seconds);

}  // namespace cairn::host
