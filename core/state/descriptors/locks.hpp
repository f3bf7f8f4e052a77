// SPDX-License-Identifier: Apache-2.0
// Locks on open files. Ordinary code.
#pragma once

#include <vector>

#include "core/state/descriptors/descriptor_kind.hpp"

namespace cairn::state {

// Those that the file's open file description holds. Throws TemporaryError for locks that cannot be saved: those of the
// process (F_SETLK), which it would lose as soon as the host closes the file, leases, and any on what the process was
// started with at 0, 1 and 2.
std::vector<HeldLock> locks_of(const OpenFile& file, std::uint32_t description);
// The file is hostile: PermanentError.
void check_lock(const HeldLock& lock, std::size_t descriptions);
// Throws EnvironmentError if somebody else has it now. `path` is for messages.
void take_lock(int fd, const HeldLock& lock, const std::string& path);

}  // namespace cairn::state
