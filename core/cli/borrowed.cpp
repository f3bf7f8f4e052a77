// SPDX-License-Identifier: Apache-2.0
#include "core/cli/borrowed.hpp"

#include <signal.h>
#include <unistd.h>

namespace cairn::cli {
namespace {

constexpr int kSettable = O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT;

}  // namespace

Borrowed::Borrowed() noexcept : terminal_(open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)) {
  termios modes{};
  if (terminal_ && tcgetattr(terminal_.get(), &modes) == 0) modes_ = modes;
  for (int fd = 0; fd < 3; ++fd) {
    Flags& flags = flags_[static_cast<std::size_t>(fd)];
    flags.status = fcntl(fd, F_GETFL);
    if (flags.status < 0) continue;
    flags.signal = fcntl(fd, F_GETSIG);
    fcntl(fd, F_GETOWN_EX, &flags.owner);
  }
}

void Borrowed::put_back() const noexcept {
  for (int fd = 0; fd < 3; ++fd) {
    const Flags& flags = flags_[static_cast<std::size_t>(fd)];
    const int now = fcntl(fd, F_GETFL);
    if (flags.status < 0 || now < 0 || ((now ^ flags.status) & kSettable) == 0) continue;
    fcntl(fd, F_SETFL, flags.status);
    fcntl(fd, F_SETSIG, flags.signal);
    fcntl(fd, F_SETOWN_EX, &flags.owner);
  }
  if (!modes_ || tcgetpgrp(terminal_.get()) != getpgrp()) return;
  sigset_t stop, old;  // the foreground may be lost in this moment
  sigemptyset(&stop);
  sigaddset(&stop, SIGTTOU);
  sigprocmask(SIG_BLOCK, &stop, &old);
  tcsetattr(terminal_.get(), TCSANOW, &*modes_);
  sigprocmask(SIG_SETMASK, &old, nullptr);
}

}  // namespace cairn::cli
