// SPDX-License-Identifier: Apache-2.0
// What both kinds of pidfds have in common. Ordinary code.
#pragma once

#include <fcntl.h>
#include <sys/types.h>

#include "core/state/descriptors/descriptor_kind.hpp"

namespace cairn::state {

inline constexpr int pidfd_flags_of_opening = O_NONBLOCK | O_EXCL;  // PIDFD_NONBLOCK, PIDFD_THREAD
bool is_pidfd(const OpenFile& file);
// -1: it has ended, and been waited for; 0: it is in another process namespace.
pid_t process_of_pidfd(const OpenFile& file);
// With the flags that the description had. Throws EnvironmentError.
UniqueFd open_pidfd(pid_t process, const Description& description);

}  // namespace cairn::state
