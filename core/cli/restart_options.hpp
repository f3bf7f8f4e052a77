// SPDX-License-Identifier: Apache-2.0
// The command line of cr_restart.
#pragma once

#include <array>
#include <string>

#include "core/abi/restart_options.hpp"

namespace cairn::tools {

struct RestartOptions {
  std::string file;       // context file, as this command can open it
  restart::Options host;  // for the host that becomes the process
  bool restore_pid = true;
  bool quiet = false, messages = true;
  std::string on_success, on_failure;
  std::array<std::string, 4> on_class;  // arguments, temporary, environment, permanent
};

// False if only help or version was wanted. Throws ArgumentError; PermanentError for what does not exist yet.
bool parse_restart_options(int argc, char** argv, RestartOptions& options);

}  // namespace cairn::tools
