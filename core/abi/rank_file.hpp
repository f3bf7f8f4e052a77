// SPDX-License-Identifier: Apache-2.0
// The name of a rank's context file in the directory of its sequence: who writes it, who names it in the manifest, who
// verifies and who restarts it all have it from here.
#pragma once

#include <cstdint>
#include <string>

namespace cairn {

inline std::string rank_file_name(std::uint64_t rank) { return "rank_" + std::to_string(rank) + ".ctx"; }

}  // namespace cairn
