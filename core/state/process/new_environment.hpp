// SPDX-License-Identifier: Apache-2.0
// Which variables are the new process's after a restart: those that tell a program about the job it runs in. Ordinary
// code.
#pragma once

#include <string>
#include <vector>

#include "core/abi/restart_options.hpp"

namespace cairn::state {

// Entries for cairn_guest::revive_environment. `environment` is the new process's.
std::string new_environment(const std::vector<std::string>& environment, const restart::Options& options);

}  // namespace cairn::state
