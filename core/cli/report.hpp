// SPDX-License-Identifier: Apache-2.0
// How the commands speak: errors on stderr, exit codes (docs/exit-codes.md), versions. Ordinary code.
#pragma once

#include <functional>
#include <string>

#include "core/base/error.hpp"

namespace cairn::cli {

// How an error looks: "NAME: message" as the cr_ commands say it, or a topic in a frame as Open MPI's commands do,
// which ends with what to do about an error of its class.
enum class Voice { line, framed };

// Prints "NAME: message" on stderr.
void complain(const std::string& name, const std::string& message);
// Says what went wrong. Returns the exit code.
int report_error(const std::string& name, Voice voice, const Error& error);
// "NAME (Cairn) 0.1.0"
void print_version(const std::string& name);

// The main function of a command: runs `body`, turns errors into messages and exit codes.
int run_command(const std::string& name, Voice voice, const std::function<int()>& body);

}  // namespace cairn::cli
