// SPDX-License-Identifier: Apache-2.0
#include "launcher/job_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cmath>

#include "core/base/error.hpp"

namespace cairn::launcher {
namespace {

constexpr int kSignals[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGTSTP, SIGCONT, SIGCHLD, SIGXCPU};
constexpr double kOnceWithin = 6;  // Open MPI counts 5

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

[[noreturn]] void become(const std::string& program, const std::string& argv0,
                         const std::vector<std::string>& arguments, int report) {
  std::vector<char*> argv = {const_cast<char*>(argv0.c_str())};
  for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  ::execv(program.c_str(), argv.data());
  const int error = errno;
  static_cast<void>(!::write(report, &error, sizeof(error)));
  ::_exit(127);
}

}  // namespace

JobProcess::JobProcess() {
  sigset_t mask;
  sigemptyset(&mask);
  for (const int s : kSignals) sigaddset(&mask, s);
  if (::sigprocmask(SIG_BLOCK, &mask, &old_mask_) != 0) throw EnvironmentError(with_errno("blocking signals", errno));
  signals_.reset(::signalfd(-1, &mask, SFD_CLOEXEC));
  if (!signals_) throw EnvironmentError(with_errno("signalfd", errno));
}

void JobProcess::start(const std::string& program, const std::string& argv0, const std::vector<std::string>& arguments,
                       const std::map<std::string, std::string>& variables) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw EnvironmentError(with_errno("pipe", errno));
  UniqueFd result(ends[0]), report(ends[1]);
  same_group_ = ::isatty(STDIN_FILENO) != 0;
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throw EnvironmentError(with_errno("starting " + program, errno));
  if (pid_ == 0) {
    if (!same_group_) ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(127);
    ::sigprocmask(SIG_SETMASK, &old_mask_, nullptr);
    for (const auto& [name, value] : variables) ::setenv(name.c_str(), value.c_str(), 1);
    become(program, argv0, arguments, report.get());
  }
  report.reset();
  int error = 0;
  if (::read(result.get(), &error, sizeof(error)) == static_cast<ssize_t>(sizeof(error))) {
    ::waitpid(pid_, nullptr, 0);
    throw EnvironmentError(with_errno("starting " + program, error));
  }
}

void JobProcess::send(int signal) const { ::kill(pid_, signal); }

void JobProcess::pass_on(int signal, bool from_terminal) {
  if (same_group_ && from_terminal) return;
  if (signal == SIGTERM || signal == SIGINT || signal == SIGHUP) {
    const bool repeated = last_end_ != 0 && now() - last_end_ < kOnceWithin;
    // A second Ctrl-C within 5 s is a person's wish to end it at once: that one is passed on.
    if (repeated && !from_terminal) return;
    last_end_ = now();
  }
  send(signal);
}

void JobProcess::serve_signal(const Events& events) {
  signalfd_siginfo info{};
  if (::read(signals_.get(), &info, sizeof(info)) != static_cast<ssize_t>(sizeof(info))) return;
  const int signal = static_cast<int>(info.ssi_signo);
  if (signal == SIGCHLD) return;
  if (events.on_signal && events.on_signal(signal)) return;
  pass_on(signal, info.ssi_code == SI_KERNEL);
  // Stopping is for the whole of mpirun; SIGCONT, when it comes, is passed on like any other.
  if (signal == SIGTSTP) ::raise(SIGSTOP);
}

bool JobProcess::collect(int& status) {
  const pid_t p = ::waitpid(pid_, &status, WNOHANG);
  return p == pid_ || (p < 0 && errno == ECHILD);
}

int JobProcess::wait(const Events& events) {
  UniqueFd timer;
  if (events.period > 0) {
    timer.reset(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
    itimerspec t{};
    t.it_interval.tv_sec = static_cast<time_t>(events.period);
    t.it_interval.tv_nsec = static_cast<long>(std::fmod(events.period, 1.0) * 1e9);
    t.it_value = t.it_interval;
    if (!timer || ::timerfd_settime(timer.get(), 0, &t, nullptr) != 0)
      throw EnvironmentError(with_errno("timer for --cr-every", errno));
  }
  int status = 0;
  while (!collect(status)) {
    pollfd fds[2] = {{signals_.get(), POLLIN, 0}, {timer.get(), POLLIN, 0}};
    if (::poll(fds, timer ? 2 : 1, -1) < 0) continue;
    if ((fds[0].revents & POLLIN) != 0) serve_signal(events);
    if (timer && (fds[1].revents & POLLIN) != 0) {
      std::uint64_t ticks = 0;
      if (::read(timer.get(), &ticks, sizeof(ticks)) > 0) events.on_timer();
    }
  }
  return status;
}

}  // namespace cairn::launcher
