// SPDX-License-Identifier: Apache-2.0
// Handlers of the application run through one function that looks at the thread pointer first: a signal may find
// its thread inside the host, and a handler must never run with the host's thread pointer.
#pragma once

#include <ucontext.h>

#include <cstdint>

namespace cairn::guest {

// What the application asked for, per signal. `handler` is read by running trampolines, the rest by sigaction.
struct ApplicationAction {
  uint64_t handler;
  uint64_t flags;
  uint64_t mask;
};
extern ApplicationAction application_actions[65];

// True if code that is not the guest's, the host's or the kernel's vdso, is at work in the frames of this signal or
// below it: the thread cannot be saved here. It may also be said where a handler is only just beginning; that handler
// then looks itself whether a stop is wanted. With the guest's thread pointer.
bool stands_above_host(const ucontext_t& frame);

// What a handler has interrupted. Where two signals came at once, the first one's handler has not begun when the
// second one's does: then it is what that one's frame shows.
const ucontext_t& interrupted_by(const ucontext_t& frame);

uint64_t trampoline_address();
bool is_stop_handler(uint64_t handler);  // stop.cpp
int is_own_handler(uint64_t handler);    // TLS-free, either thread pointer

}  // namespace cairn::guest
