// SPDX-License-Identifier: Apache-2.0
#include "core/base/end_as.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cairn {

constexpr int kUnable = 127;

void end_as(int status) {
  if (!WIFSIGNALED(status)) ::_exit(WEXITSTATUS(status));
  const rlimit none{};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);  // a program that takes core files is not asked about the limit
  ::signal(WTERMSIG(status), SIG_DFL);
  sigset_t set;
  ::sigfillset(&set);
  ::sigdelset(&set, WTERMSIG(status));
  ::sigprocmask(SIG_SETMASK, &set, nullptr);
  ::kill(::getpid(), WTERMSIG(status));
  ::_exit(kUnable);
}

}  // namespace cairn
