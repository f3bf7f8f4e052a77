// SPDX-License-Identifier: Apache-2.0
// Whose a snapshot is: the programs in it run with the rights of whoever restarts it. Ordinary code.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "launcher/snapshot.hpp"

namespace cairn::launcher {

// Throws EnvironmentError unless the snapshot, and all in it that the sequence is made of, is the user's own, as it
// was written: no symbolic links, nothing that others may write to. With `foreign`, links only are refused.
void check_may_run(const Snapshot& snapshot, std::uint64_t sequence, uid_t user, bool foreign);

// Who could restart it.
uid_t owner_of(const Snapshot& snapshot);

}  // namespace cairn::launcher
