// SPDX-License-Identifier: Apache-2.0
#include "core/cli/child.hpp"

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>

#include "core/base/error.hpp"
#include "core/cli/tool.hpp"

namespace cairn::tools {
namespace {

// Those that ask something of the program. The terminal sends its own to the whole group.
constexpr std::array<int, 6> kPassedOn{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

sigset_t waited_for() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  for (int signal : kPassedOn) sigaddset(&set, signal);
  return set;
}

pid_t fork_as(pid_t wanted) {
  if (wanted > 0) {
    clone_args arguments{};
    arguments.exit_signal = SIGCHLD;
    arguments.set_tid = reinterpret_cast<std::uint64_t>(&wanted);
    arguments.set_tid_size = 1;
    const long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid >= 0) return static_cast<pid_t>(pid);
  }
  return fork();
}

// In the child: the body's errors end it with their class.
[[noreturn]] void run_body(const std::function<void(int)>& body, int started, const sigset_t& mask) {
  sigprocmask(SIG_SETMASK, &mask, nullptr);
  _exit(run_tool("cr_restart", [&] {
    body(started);
    return static_cast<int>(CAIRN_EXIT_PERMANENT);
  }));
}

[[noreturn]] void die_of(int signal) {
  const rlimit none{};
  setrlimit(RLIMIT_CORE, &none);  // the process has left its core file, if any
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  sigaction(signal, &action, nullptr);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  raise(signal);
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
  _exit(128 + signal);
}

}  // namespace

Child::Child(pid_t wanted, const std::function<void(int)>& body) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw EnvironmentError(with_errno("pipe", errno));
  started_.reset(ends[0]);
  UniqueFd theirs(ends[1]);
  sigset_t waited = waited_for(), mask;
  sigprocmask(SIG_BLOCK, &waited, &mask);
  pid_ = fork_as(wanted);
  if (pid_ < 0) throw EnvironmentError(with_errno("fork", errno));
  if (pid_ == 0) {
    started_.reset();
    fcntl(theirs.get(), F_SETFD, 0);
    run_body(body, theirs.release(), mask);
  }
}

bool Child::wait_until_started() {
  char byte = 0;
  ssize_t n = 0;
  while ((n = read(started_.get(), &byte, 1)) < 0 && errno == EINTR) {
  }
  return n == 1;
}

int Child::wait_for_failure() const {
  siginfo_t info{};
  while (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  return info.si_code == CLD_EXITED ? info.si_status : static_cast<int>(CAIRN_EXIT_PERMANENT);
}

int Child::end_as_it_does() {
  const sigset_t waited = waited_for();
  for (;;) {
    int status = 0;
    const pid_t ended = waitpid(pid_, &status, WNOHANG);
    if (ended == pid_ && WIFEXITED(status)) return WEXITSTATUS(status);
    if (ended == pid_ && WIFSIGNALED(status)) die_of(WTERMSIG(status));
    siginfo_t info{};
    const int signal = sigwaitinfo(&waited, &info);
    if (signal > 0 && signal != SIGCHLD && info.si_code != SI_KERNEL) kill(pid_, signal);
  }
}

}  // namespace cairn::tools
