// SPDX-License-Identifier: Apache-2.0
// The command line of cr_checkpoint. docs/exit-codes.md and the manual page say what the options mean.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/abi/checkpoint_parameters.hpp"
#include "core/abi/checkpoint_scope.hpp"

namespace cairn::cli {

struct CheckpointOptions {
  pid_t id = 0;        // of the process, the process group or the session
  pid_t pid = 0;       // whom to ask
  bool alone = false;  // without its descendants
  Scope scope = Scope::tree;
  std::string directory = ".";  // where the context file goes
  std::string name;             // in it
  bool to_descriptor = false;
  int descriptor = -1;
  std::uint32_t existing = 0;  // enum cairn_control_existing
  std::string backup;
  CheckpointParameters parameters;
  int signal = 0;
  double wait = 0;  // seconds
  bool messages = true, verbose = false, quiet = false;
};

// `words` without the command's name. Nothing if only help or version was wanted, which has been printed. Throws
// ArgumentError; PermanentError for what does not exist yet.
std::optional<CheckpointOptions> parse_checkpoint(const std::vector<std::string>& words);

}  // namespace cairn::cli
