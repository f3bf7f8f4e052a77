// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "launcher/snapshot.hpp"

namespace cairn::launcher {

// What a snapshot holds, on stdout; one sequence, or all if `sequence` is negative. With `every_rank` a line for each
// image.
void print_snapshot(const Snapshot& snapshot, std::int64_t sequence, bool every_rank);
void print_snapshot_json(const Snapshot& snapshot);
// A line about one of its sequences. `members` are further ones, each with a comma in front of it.
void print_sequence_json(const Snapshot& snapshot, std::uint64_t number, const std::string& members = {});

}  // namespace cairn::launcher
