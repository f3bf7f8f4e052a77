// SPDX-License-Identifier: Apache-2.0
#include "core/cli/other_process.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>

#include <cerrno>
#include <string>

#include "core/base/error.hpp"
#include "core/base/proc.hpp"

namespace cairn::cli {

bool ends_processes(int signal) { return signal == SIGKILL; }

bool is_stopped(pid_t pid) {
  try {
    return stat_fields("/proc/" + std::to_string(pid) + "/stat").front() == "T";
  } catch (const EnvironmentError&) {
    return false;  // it has ended: the request will say so
  }
}

EndOfProcess::EndOfProcess(pid_t pid) : process_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))) {}

void EndOfProcess::wait() const {
  if (!process_) return;  // a kernel without pidfd_open: the process will end all the same
  pollfd end{process_.get(), POLLIN, 0};
  while (poll(&end, 1, -1) < 0 && errno == EINTR) {
  }
}

}  // namespace cairn::cli
