// SPDX-License-Identifier: Apache-2.0
#include "core/cli/other_process.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>

#include <cerrno>
#include <fstream>
#include <string>

namespace cairn::cli {

bool ends_processes(int signal) { return signal == SIGKILL; }

bool is_stopped(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(stat, line);
  const std::size_t name_end = line.rfind(')');
  return name_end != std::string::npos && line.size() > name_end + 2 && line[name_end + 2] == 'T';
}

EndOfProcess::EndOfProcess(pid_t pid) : process_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))) {}

void EndOfProcess::wait() const {
  if (!process_) return;  // a kernel without pidfd_open: the process will end all the same
  pollfd end{process_.get(), POLLIN, 0};
  while (poll(&end, 1, -1) < 0 && errno == EINTR) {
  }
}

}  // namespace cairn::cli
