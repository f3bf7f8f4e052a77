// SPDX-License-Identifier: Apache-2.0
// Which file a command runs, as execvp(3) and the kernel would decide: PATH, symlinks, `#!`, the ELF interpreter.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/state/extension.hpp"

namespace cairn::host {

struct Program {
  std::string path;         // the ELF file to load
  std::string executed;     // what was asked for: another one if that is a script; its last part names the process
  std::string resolved;     // the same with symlinks resolved: what /proc/self/exe would say
  std::string interpreter;  // its PT_INTERP
  std::string argv0;
  std::vector<std::string> arguments;  // after argv[0]
  std::string not_hosted;              // why it cannot be hosted (static, set-id, ...); empty: it can
};

// `words` is the command, words[0] the program's name; `argv0` what the program shall see as its own name, if not
// that. Throws EnvironmentError where the kernel would fail, with its reason.
Program resolve_program(const std::vector<std::string>& words, const std::optional<std::string>& argv0,
                        const Extension& extension);

}  // namespace cairn::host
