// SPDX-License-Identifier: Apache-2.0
// The command line of ompi-checkpoint.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace cairn::launcher {

struct CheckpointOptions {
  bool term = false, stop = false, nowait = false, status = false, list = false, verbose = false, json = false,
       save_files = false;
  double timeout = 600, wait = 0;  // seconds
  pid_t pid = 0;
};

// `words` without the command's name. Nothing if only help or version was wanted, which has been printed. Throws
// ArgumentError.
std::optional<CheckpointOptions> parse_checkpoint(const std::vector<std::string>& words);

}  // namespace cairn::launcher
