// SPDX-License-Identifier: Apache-2.0
// Handlers of the application run through one function that looks at the thread pointer first: a signal may find
// its thread inside the host, and a handler must never run with the host's thread pointer.
#pragma once

#include <cstdint>

namespace cairn::guest {

// What the application asked for, per signal. `handler` is read by running trampolines, the rest by sigaction.
struct ApplicationAction {
  uint64_t handler;
  uint64_t flags;
  uint64_t mask;
};
extern ApplicationAction application_actions[65];

uint64_t trampoline_address();
bool is_stop_handler(uint64_t handler);  // stop.cpp
int is_own_handler(uint64_t handler);    // TLS-free, either thread pointer

}  // namespace cairn::guest
