// SPDX-License-Identifier: Apache-2.0
// The command line of cr_restart.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/abi/restart_options.hpp"

namespace cairn::cli {

struct RestartOptions {
  std::string file;       // context file, as this command can open it
  restart::Options host;  // for the host that becomes the process
  bool restore_pid = true;
  std::string pid_namespace = "auto";  // when the processes get a namespace of their own for that
  bool quiet = false, messages = true;
  std::string on_success, on_failure;
  std::array<std::string, 4> on_class;  // arguments, temporary, environment, permanent
};

// `words` without the command's name. Nothing if only help or version was wanted, which has been printed. Throws
// ArgumentError; PermanentError for what does not exist yet.
// `asked`: what the environment asks of this command.
std::optional<RestartOptions> parse_restart(const std::vector<std::string>& words, restart::Options asked = {});

}  // namespace cairn::cli
