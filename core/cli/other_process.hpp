// SPDX-License-Identifier: Apache-2.0
// What another process is doing, as far as the commands care.
#pragma once

#include <sys/types.h>

#include "core/base/unique_fd.hpp"

namespace cairn::cli {

// A signal that no program survives.
bool ends_processes(int signal);

// By job control (SIGSTOP, SIGTSTP, ...).
bool is_stopped(pid_t pid);
// ... or has ended. At most some seconds: somebody else may have woken it up meanwhile.
void wait_until_stopped(pid_t pid);

class EndOfProcess {
 public:
  // While the process is known to be the right one.
  explicit EndOfProcess(pid_t pid);
  void wait() const;

 private:
  UniqueFd process_;
};

}  // namespace cairn::cli
