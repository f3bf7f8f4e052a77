// SPDX-License-Identifier: Apache-2.0
// How the commands speak: errors on stderr, exit codes (docs/exit-codes.md), versions. Ordinary code.
#pragma once

#include <functional>
#include <string>
#include <vector>

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

// Runs `body`, turns errors into messages and exit codes.
int run_command(const std::string& name, Voice voice, const std::function<int()>& body);

// The main function of a command: `parse` makes options of its words, or nothing if all has been said already; `run`
// does what they ask for.
template <class Parse, class Run>
int run_command(const std::string& name, Voice voice, int argc, char** argv, Parse parse, Run run) {
  return run_command(name, voice, [&]() -> int {
    auto options = parse(std::vector<std::string>(argv + 1, argv + argc));
    return options ? run(*options) : CAIRN_EXIT_OK;
  });
}

}  // namespace cairn::cli
