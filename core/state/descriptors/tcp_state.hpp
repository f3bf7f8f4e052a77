// SPDX-License-Identifier: Apache-2.0
// What a socket says of itself. Ordinary code.
#pragma once

#include "core/state/descriptors/descriptor_kind.hpp"

namespace cairn::state {

bool is_socket_of(const OpenFile& file, int type, int protocol);  // of IPv4 or IPv6
bool is_tcp(const OpenFile& file);
// TCP_ESTABLISHED ...
int tcp_state(int fd);
// One that was connected, in state TCP_CLOSE.
bool has_ended(int fd);
// The bound of its window that the program has set (TCP_WINDOW_CLAMP), of one that is connected; 0 if it is the
// kernel's.
int chosen_window(int fd);
// TCP_MAXSEG is what the kernel has found when it tried to connect.
bool is_measured_segment(int fd);

struct AcceptQueue {
  std::uint32_t waiting = 0, most = 0;
};
// Of one that listens.
AcceptQueue accept_queue(int fd);

}  // namespace cairn::state
