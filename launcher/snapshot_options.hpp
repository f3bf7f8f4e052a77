// SPDX-License-Identifier: Apache-2.0
// The command line of ompi-snapshot.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cairn::launcher {

struct SnapshotOptions {
  std::string action;
  std::vector<std::string> operands;
  std::int64_t sequence = -1;
  std::uint64_t keep = 0;
  bool verbose = false, json = false;
};

// `words` without the command's name. Nothing if only help or version was wanted, which has been printed. Throws
// ArgumentError.
std::optional<SnapshotOptions> parse_snapshot(const std::vector<std::string>& words);

}  // namespace cairn::launcher
