// SPDX-License-Identifier: Apache-2.0
#include "core/base/numbered_fork.hpp"

#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "core/base/deadline.hpp"

namespace cairn {
namespace {

constexpr double kPatience = 3;          // for one that has just ended to be waited for by its parent
constexpr useconds_t kLook = 10 * 1000;  // microseconds

pid_t clone_as(std::uint64_t flags, pid_t number) {
  clone_args arguments{};
  arguments.flags = flags;
  if ((flags & CLONE_PARENT) == 0) arguments.exit_signal = SIGCHLD;  // else it is the caller's
  if (number > 0) {
    arguments.set_tid = reinterpret_cast<std::uint64_t>(&number);
    arguments.set_tid_size = 1;
  }
  return static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
}

// A process with this number, which ends at once; else errno.
bool make_for_a_moment(pid_t number) {
  const pid_t pid = clone_as(0, number);
  if (pid == 0) ::_exit(0);
  if (pid > 0) ::waitpid(pid, nullptr, 0);
  return pid > 0;
}

}  // namespace

bool may_give_numbers(std::span<const pid_t> numbers) {
  const Deadline patience(kPatience);
  for (const pid_t number : numbers) {
    while (!make_for_a_moment(number)) {
      if (errno != EEXIST || patience.passed()) return false;
      ::usleep(kLook);
    }
  }
  return true;
}

pid_t fork_beside(pid_t number) { return clone_as(CLONE_PARENT, number); }

pid_t fork_as(pid_t number, bool only_that_number) {
  if (number > 0) {
    const Deadline patience(only_that_number ? kPatience : 0);
    for (;;) {
      const pid_t pid = clone_as(0, number);
      if (pid >= 0) return pid;
      if (errno != EEXIST || patience.passed()) break;
      ::usleep(kLook);
    }
    if (only_that_number) return -1;
  }
  return ::fork();
}

}  // namespace cairn
