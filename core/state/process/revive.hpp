// SPDX-License-Identifier: Apache-2.0
// What the kernel holds for the process as a whole. Ordinary code on the main thread, before the guest runs.
// Errors: EnvironmentError that names what this machine or user does not allow.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/state/image.hpp"

namespace cairn::state {

// Can the working directory be entered? Before anything is changed.
void check_process(const Image& image);
// Working directory, umask, names, prctl state, heap and argument addresses.
void restore_process(const Image& image);
// Resource limits; after everything that may need more than the program may have.
void restore_limits(const Image& image);
// setitimer(); last.
void restore_interval_timers(const Image& image);
// Entries for cairn_guest::revive_environment; empty if this process was not started by a job launcher.
std::string job_environment(const std::vector<std::string>& environment);

}  // namespace cairn::state
