// SPDX-License-Identifier: Apache-2.0
// Locks on open files. Ordinary code.
#pragma once

#include <fcntl.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/record_locks/state.hpp"

namespace cairn::state {

struct FoundLocks {
  std::vector<HeldLock> of_description;  // flock(), F_OFD_SETLK
  std::vector<RecordLock> of_process;    // F_SETLK; shown for the description by which it was taken
};

// Those that the file's open file description holds, and the process by it. Throws TemporaryError for locks that cannot
// be saved: leases, and any on what the process was started with at 0, 1 and 2.
FoundLocks locks_of(const OpenFile& file, std::uint32_t description);
bool is_range(std::int64_t start, std::int64_t length) noexcept;
// For fcntl().
struct flock range_of(bool exclusive, std::int64_t start, std::int64_t length) noexcept;
// The file is hostile: PermanentError.
void check_lock(const HeldLock& lock, std::size_t descriptions);
// Throws EnvironmentError if somebody else has it now. `path` is for messages.
void take_lock(int fd, const HeldLock& lock, const std::string& path);

}  // namespace cairn::state
