// SPDX-License-Identifier: Apache-2.0
// The other end of a group's checkpoint, as a member sees it: who tells it step by step what to do
// (core/abi/control_protocol.hpp). Ordinary code, on the thread that takes the checkpoint.
#pragma once

#include <functional>

#include "core/abi/control_protocol.hpp"
#include "core/base/unique_fd.hpp"

namespace cairn::host {

// An order, and the descriptor that came with it.
struct Told : cairn_control_order {
  UniqueFd descriptor;
};

struct Leader {
  // Answers that are not the last.
  std::function<void(const cairn_control_reply&)> tell;
  // The next order. Throws TemporaryError if none comes within `seconds`, or the leader has given up.
  std::function<Told(double seconds)> next;
};

// `next` of a leader at the other end of this socket.
Told next_order(int socket, double seconds);

}  // namespace cairn::host
