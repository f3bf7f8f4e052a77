// SPDX-License-Identifier: Apache-2.0
#include "launcher/interruption.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "core/base/end_as.hpp"
#include "core/base/error.hpp"

namespace cairn::launcher {

Interruption::Interruption() {
  sigset_t mask;
  ::sigemptyset(&mask);
  for (const int signal : {SIGINT, SIGTERM}) {
    struct sigaction action {};
    ::sigaction(signal, nullptr, &action);
    if (action.sa_handler != SIG_IGN) ::sigaddset(&mask, signal);
  }
  signals_.reset(::signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_) throw EnvironmentError(with_errno("signalfd", errno));
  ::sigprocmask(SIG_BLOCK, &mask, &before_);
}

Interruption::~Interruption() {
  came();
  let_through();
}

int Interruption::came() {
  if (!signals_) return 0;
  signalfd_siginfo info{};
  while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info))
    came_ = static_cast<int>(info.ssi_signo);
  return came_;
}

void Interruption::end_by_it() {
  std::fflush(nullptr);
  end_as(came_);
}

void Interruption::let_through() {
  signals_.reset();
  ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace cairn::launcher
