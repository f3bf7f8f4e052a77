// SPDX-License-Identifier: Apache-2.0
#include "core/base/end_as.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cairn {

constexpr int kUnable = 127;
// What takes no core file at all, neither as a file, which needs more, nor by a program, which a limit of 0 does not
// keep from it: core(5). To be not dumpable would do that too, but hides the status from others of this user.
constexpr rlimit kNoCore{1, 1};

void end_as(int status) {
  if (!WIFSIGNALED(status)) ::_exit(WEXITSTATUS(status));
  ::setrlimit(RLIMIT_CORE, &kNoCore);
  ::signal(WTERMSIG(status), SIG_DFL);
  sigset_t set;
  ::sigfillset(&set);
  ::sigdelset(&set, WTERMSIG(status));
  ::sigprocmask(SIG_SETMASK, &set, nullptr);
  ::kill(::getpid(), WTERMSIG(status));
  ::_exit(kUnable);
}

}  // namespace cairn
