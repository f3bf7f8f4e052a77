// SPDX-License-Identifier: Apache-2.0
// Snapshots of one job from restart to restart: each run of it writes its own, which says what it was restarted from.
// Ordinary code; one thread (as SnapshotStore).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "pmix/manifest/manifest.hpp"

namespace cairn::manifest {

// With `kept` checkpoints of the job's own, keeps so many of those before the restart, and before earlier ones, that
// `keep` are left together. What is not in the same directory, is another user's or is in use stays, and all before
// it. Throws cairn::Error.
void prune_former(const std::string& snapshot, const Job& job, std::uint64_t kept, std::uint64_t keep);

// The newest checkpoint of a job that goes on from `snapshot`, or from what goes on from that, among the snapshots in
// the same directory that are the user's own: the path of the sequence. Nothing if there is none.
std::optional<std::string> newest_after(const std::string& snapshot);

}  // namespace cairn::manifest
