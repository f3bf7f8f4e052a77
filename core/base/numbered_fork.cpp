// SPDX-License-Identifier: Apache-2.0
#include "core/base/numbered_fork.hpp"

#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "core/base/deadline.hpp"

namespace cairn {
namespace {

constexpr double kPatience = 3;          // for one that has just ended to be waited for by its parent
constexpr useconds_t kLook = 10 * 1000;  // microseconds

}  // namespace

pid_t fork_as(pid_t number, bool only_that_number) {
  if (number > 0) {
    clone_args arguments{};
    arguments.exit_signal = SIGCHLD;
    arguments.set_tid = reinterpret_cast<std::uint64_t>(&number);
    arguments.set_tid_size = 1;
    const Deadline patience(only_that_number ? kPatience : 0);
    for (;;) {
      const long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
      if (pid >= 0) return static_cast<pid_t>(pid);
      if (errno != EEXIST || patience.passed()) break;
      ::usleep(kLook);
    }
    if (only_that_number) return -1;
  }
  return ::fork();
}

}  // namespace cairn
