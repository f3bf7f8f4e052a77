// SPDX-License-Identifier: Apache-2.0
#include "core/cli/other_process.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

#include <cerrno>
#include <string>

#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/base/proc.hpp"

namespace cairn::cli {

bool ends_processes(int signal) { return signal == SIGKILL; }

namespace {

constexpr double kStopSeconds = 5;
constexpr char kEnded[] = "Z";

std::string state_of(pid_t pid) {
  try {
    return stat_fields("/proc/" + std::to_string(pid) + "/stat").front();
  } catch (const EnvironmentError&) {
    return kEnded;
  }
}

}  // namespace

// If it has ended the request will say so.
bool is_stopped(pid_t pid) { return state_of(pid) == "T"; }

void wait_until_stopped(pid_t pid) {
  constexpr timespec kNap{0, 500'000};
  for (const Deadline deadline(kStopSeconds); !deadline.passed(); nanosleep(&kNap, nullptr))
    if (const std::string state = state_of(pid); state == "T" || state == kEnded) return;
}

EndOfProcess::EndOfProcess(pid_t pid) : process_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))) {}

void EndOfProcess::wait() const {
  if (!process_) return;  // a kernel without pidfd_open: the process will end all the same
  pollfd end{process_.get(), POLLIN, 0};
  while (poll(&end, 1, -1) < 0 && errno == EINTR) {
  }
}

}  // namespace cairn::cli
