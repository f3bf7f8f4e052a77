// SPDX-License-Identifier: Apache-2.0
// What the cr_ commands have in common. Ordinary code.
#pragma once

#include <functional>
#include <string>

namespace cairn::tools {

// The directory above bin/ that the running program is installed in. Throws EnvironmentError.
std::string prefix();
// The host of plain programs. Throws EnvironmentError if it is missing.
std::string host_program();

// Prints "NAME: message" on stderr.
void complain(const std::string& name, const std::string& message);
// "NAME (Cairn) 0.1.0"
void print_version(const std::string& name);
// Runs `body`, turns errors into messages and exit codes (docs/exit-codes.md).
int run_tool(const std::string& name, const std::function<int()>& body);

// "15", "TERM", "SIGTERM"; throws ArgumentError.
int parse_signal(const std::string& text);
// "1.4 GiB"
std::string human_bytes(double bytes);

}  // namespace cairn::tools
