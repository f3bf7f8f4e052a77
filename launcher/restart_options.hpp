// SPDX-License-Identifier: Apache-2.0
// The command line of ompi-restart.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/abi/restart_options.hpp"

namespace cairn::launcher {

struct RestartOptions {
  std::int64_t sequence = -1;
  bool info = false, app_only = false, show_me = false, fork = false, verbose = false, quick = false;
  std::string hostfile, mpirun_options;
  restart::Options host;  // for the hosts that become the ranks
  std::string snapshot;
};

// `words` without the command's name. Nothing if only help or version was wanted, which has been printed. Throws
// ArgumentError.
std::optional<RestartOptions> parse_restart(const std::vector<std::string>& words);

}  // namespace cairn::launcher
