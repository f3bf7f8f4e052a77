// SPDX-License-Identifier: Apache-2.0
// The options of cr_checkpoint and cr_restart that say what happens to the processes afterwards, and signals as text.
#pragma once

#include <string>

#include "core/cli/command_line.hpp"

namespace cairn::cli {

// "15", "TERM", "SIGTERM"; throws ArgumentError.
int parse_signal(const std::string& text);

// -S --signal N, --stop --term --abort --kill --cont --run
OptionGroup after_signal_options();
// The signal that was asked for, 0 for none. Throws ArgumentError if there is more than one.
int after_signal(const Given& given);

}  // namespace cairn::cli
