// SPDX-License-Identifier: Apache-2.0
// Closing and replacing descriptors, all but the host's. In hosted processes. Results are the kernel's. Signal-safe and
// vfork-safe.
#pragma once

namespace cairn::guest {

constexpr unsigned kUnshare = 1U << 1;  // CLOSE_RANGE_UNSHARE

long close_descriptor(int fd);                                          // close(2)
long close_descriptors(unsigned first, unsigned last, unsigned flags);  // close_range(2)
long replace_descriptor(int from, int to);                              // dup2(2)
long replace_descriptor(int from, int to, int flags);                   // dup3(2)
// A new socket, which nobody but the caller knows, at the lowest free number.
int lowered_descriptor(int fd);

}  // namespace cairn::guest
