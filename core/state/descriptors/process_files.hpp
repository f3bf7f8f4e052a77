// SPDX-License-Identifier: Apache-2.0
// Files and directories under /proc that tell of a process: of the one that has them open, or of another. Ordinary
// code, any thread.
#pragma once

#include <sys/types.h>

#include <string>

#include "core/abi/restart_options.hpp"

namespace cairn::state {

// `path` as the context file has it: what is of this process says "self". Throws TemporaryError for what is of a
// process that is not saved with this one; `called`: what the message calls it.
std::string portable_path(const std::string& path, const std::string& called);
// The same path for the processes of now; `before`: the number that this one had. Throws EnvironmentError as
// number_now().
std::string current_path(const std::string& path, pid_t before, const restart::Options& options);

}  // namespace cairn::state
