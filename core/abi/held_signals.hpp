// SPDX-License-Identifier: Apache-2.0
// Signals for a program that is being restarted.
#pragma once

#include <csignal>
#include <initializer_list>

#include "core/abi/layout.h"

namespace cairn::restart {

// What others tell the program by a signal meanwhile waits for it: who is not the program yet would end of most. What
// ends or stops a program from outside ends or stops its restart, and what the kernel sends is about the process
// itself. For a process with one thread; its children and what it executes hold them, too. Signal-safe.
inline sigset_t held_signals() noexcept {
  sigset_t held;
  sigemptyset(&held);
  for (const int signal : {SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGURG, SIGWINCH, SIGCONT})
    sigaddset(&held, signal);
  for (int signal = SIGRTMIN; signal < CAIRN_STOP_SIGNAL; ++signal) sigaddset(&held, signal);
  return held;
}
inline void hold_signals() noexcept {
  const sigset_t held = held_signals();
  sigprocmask(SIG_BLOCK, &held, nullptr);
}

}  // namespace cairn::restart
