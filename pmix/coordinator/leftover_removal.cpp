// SPDX-License-Identifier: Apache-2.0
#include "pmix/coordinator/leftover_removal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "pmix/coordinator/leftovers.hpp"

namespace cairn::pmix {
namespace {

constexpr int kPatience = 1000;  // ms
constexpr int kEnd = 3;          // where the pipe's end is, behind the standard files

// Nobody waits for files that this process holds open, and signals end it.
void stand_alone(int pipe) {
  if (pipe != kEnd) ::dup2(pipe, kEnd);
  const int nothing = ::open("/dev/null", O_RDWR);
  for (int fd = 0; fd < kEnd; ++fd) ::dup2(nothing, fd);
  ::close_range(kEnd + 1, ~0U, 0);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace

LeftoverRemoval::LeftoverRemoval(const std::string& user_directory) noexcept {
  int ends[2];
  if (::access(user_directory.c_str(), F_OK) != 0 || ::pipe2(ends, O_CLOEXEC) != 0) return;
  ended_.reset(ends[0]);
  const UniqueFd end(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    // Its child is nobody's here: no process of the job, of the terminal or of whoever started this one.
    if (::setsid() < 0 || ::fork() != 0) ::_exit(0);
    stand_alone(end.get());
    remove_leftovers(user_directory);
    ::_exit(0);
  }
  while (child > 0 && ::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
}

LeftoverRemoval::~LeftoverRemoval() {
  pollfd wait{ended_.get(), POLLIN, 0};
  if (ended_) ::poll(&wait, 1, kPatience);
}

}  // namespace cairn::pmix
