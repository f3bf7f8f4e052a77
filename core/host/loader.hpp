// SPDX-License-Identifier: Apache-2.0
// Starts a guest: its stack, its ld.so, the jump. The fixed area must exist.
#pragma once

#include <string>
#include <vector>

#include "core/host/program.hpp"

namespace cairn::host {

struct GuestStart {
  Program program;
  std::vector<std::string> preloads;     // absolute paths, in order
  std::vector<std::string> environment;  // KEY=VALUE, as the guest shall see it
  unsigned long stack_limit = 0;         // RLIMIT_STACK's soft limit, RLIM_INFINITY for none
};

// Throws EnvironmentError before the point of no return; does not return after it.
[[noreturn]] void start_guest(const GuestStart& start);

}  // namespace cairn::host
