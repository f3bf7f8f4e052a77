// SPDX-License-Identifier: Apache-2.0
// How a host process begins: its command line, and the second exec that cleans its own environment.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace cairn::host {

struct Options {
  std::optional<std::string> argv0;  // --cairn-argv0=NAME: what the program sees as its own name; may be empty
  std::string restart;               // --cairn-restart OPERAND
  std::string inherited;             // --cairn-inherited=WORD: handed on by the host that executed this one
  bool landlocked = false;           // --cairn-landlocked: the program before has restricted itself
  std::string system_v;              // --cairn-system-v=WORD: numbers that the program before knew
  std::vector<std::string> command;  // program and arguments
};

// Throws ArgumentError.
Options parse_options(int argc, char** argv);

// Of this host's program. Throws EnvironmentError.
std::string own_path();

// The guest's variables of the dynamic loader (LD_*) must not act on the host, and an unlimited stack would move
// the kernel's mappings into the arena: sets both aside and executes this program again. Returns if there is
// nothing to set aside. Throws EnvironmentError.
void clean_and_exec_again(char** argv);

// The environment with what was set aside put back, without our own notes.
std::vector<std::string> guest_environment();
// RLIMIT_STACK's soft limit as the guest shall have it.
unsigned long guest_stack_limit();
// The same; puts it back in force for children.
unsigned long restore_stack_limit();

}  // namespace cairn::host
