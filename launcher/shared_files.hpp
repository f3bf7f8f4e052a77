// SPDX-License-Identifier: Apache-2.0
// Files that several ranks of a snapshot write to. Ordinary code.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "launcher/snapshot.hpp"

namespace cairn::launcher {

// Their paths as saved, and how long they were when the last of the ranks stood still: what a rank that stopped earlier
// must not cut off. Throws cairn::Error if an image cannot be read.
std::vector<std::pair<std::string, std::uint64_t>> shared_files(const Snapshot& snapshot, std::uint64_t sequence);

}  // namespace cairn::launcher
