// SPDX-License-Identifier: Apache-2.0
#include "core/cli/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdint>

#include "core/base/error.hpp"
#include "core/base/numbered_fork.hpp"

namespace cairn::cli {
namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Returns the reason if it cannot be.
int become(const std::string& program, const std::vector<std::string>& words) {
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  ::execvp(program.c_str(), argv.data());
  return errno;
}

[[noreturn]] void refuse_start(const std::string& program, int error) {
  throw EnvironmentError(with_errno("cannot run " + program, error));
}

pid_t fork_child(const Birth& birth) {
  const pid_t pid = birth.fork ? birth.fork() : fork_as(birth.number, birth.only_that_number);
  if (pid < 0 && birth.only_that_number)
    throw EnvironmentError(with_errno("process number " + std::to_string(birth.number) + " cannot be had", errno) +
                           birth.advice);
  return pid;
}

// A child that runs `program`. The pipe closes when it is executed; before, the reason comes through it.
pid_t spawn(const std::string& program, const std::vector<std::string>& words, const std::function<void()>& prepare,
            const Birth& birth) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw EnvironmentError(with_errno("pipe", errno));
  UniqueFd result(ends[0]), report(ends[1]);
  const pid_t pid = fork_child(birth);
  if (pid < 0) refuse_start(program, errno);
  if (pid == 0) {
    if (prepare) prepare();
    const int error = become(program, words);
    static_cast<void>(!::write(report.get(), &error, sizeof error));
    ::_exit(127);
  }
  report.reset();
  int error = 0;
  ssize_t n = 0;
  while ((n = ::read(result.get(), &error, sizeof error)) < 0 && errno == EINTR) {
  }
  if (n != static_cast<ssize_t>(sizeof error)) return pid;
  ::waitpid(pid, nullptr, 0);
  refuse_start(program, error);
}

// Of what the kernel itself sends, timers (alarm() before an exec) and limits are for this process alone.
bool comes_from_terminal(const signalfd_siginfo& info) {
  constexpr std::array kSent = {SIGINT, SIGQUIT, SIGTSTP, SIGHUP, SIGCONT, SIGWINCH};
  return info.ssi_code == SI_KERNEL &&
         std::find(kSent.begin(), kSent.end(), static_cast<int>(info.ssi_signo)) != kSent.end();
}

// The kernel says in the receiver's own name that a file of its would be too long.
bool is_of_own_file(const signalfd_siginfo& info) {
  return info.ssi_signo == SIGXFSZ && info.ssi_pid == static_cast<std::uint32_t>(::getpid());
}

// A Child leaves signals blocked.
class KeptMask {
 public:
  KeptMask() { ::sigprocmask(SIG_BLOCK, nullptr, &mask_); }
  ~KeptMask() { ::sigprocmask(SIG_SETMASK, &mask_, nullptr); }
  KeptMask(const KeptMask&) = delete;
  KeptMask& operator=(const KeptMask&) = delete;

 private:
  sigset_t mask_{};
};

UniqueFd periodic_timer(double period) {
  UniqueFd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
  itimerspec every{};
  every.it_interval.tv_sec = static_cast<time_t>(period);
  every.it_interval.tv_nsec = static_cast<long>(std::fmod(period, 1.0) * 1e9);
  every.it_value = every.it_interval;
  if (!timer || ::timerfd_settime(timer.get(), 0, &every, nullptr) != 0)
    throw EnvironmentError(with_errno("timer", errno));
  return timer;
}

}  // namespace

void execute(const std::string& program, const std::vector<std::string>& words) {
  refuse_start(program, become(program, words));
}

int run_tool(const std::vector<std::string>& words) {
  const KeptMask kept;
  Child tool({.passed_on = signals_to_pass_on(JobControl::of_group)});
  tool.start(words.front(), words);
  return exit_code_of(tool.wait({}));
}

std::vector<int> signals_to_pass_on(JobControl stopping) {
  constexpr std::array kOwn = {SIGKILL, SIGSTOP, SIGCHLD, SIGPIPE, SIGTTIN, SIGTTOU};
  std::vector<int> all;
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    const bool of_libc = signal > SIGSYS && signal < SIGRTMIN;
    const bool of_shell = stopping == JobControl::of_group && (signal == SIGTSTP || signal == SIGCONT);
    const bool own = std::find(kOwn.begin(), kOwn.end(), signal) != kOwn.end();
    if (!of_libc && !of_shell && !own) all.push_back(signal);
  }
  return all;
}

int exit_code_of(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

Child::Child(Manner manner) : manner_(std::move(manner)) {
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGCHLD);
  for (const int signal : manner_.passed_on) sigaddset(&mask, signal);
  if (::sigprocmask(SIG_BLOCK, &mask, &old_mask_) != 0) throw EnvironmentError(with_errno("blocking signals", errno));
  signals_.reset(::signalfd(-1, &mask, SFD_CLOEXEC));
  if (!signals_) throw EnvironmentError(with_errno("signalfd", errno));
}

// In a child, whose parent may have ended meanwhile.
void Child::settle_in(pid_t parent) const {
  if (manner_.own_group) ::setpgid(0, 0);
  if (manner_.ends_with_us) ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(127);
  ::sigprocmask(SIG_SETMASK, &old_mask_, nullptr);
}

void Child::start(const std::string& program, const std::vector<std::string>& words,
                  const std::function<void()>& prepare, const Birth& birth) {
  const pid_t parent = birth.fork ? 0 : ::getpid();
  const auto in_child = [&] {
    settle_in(parent);
    if (prepare) prepare();
  };
  try {
    pid_ = spawn(program, words, in_child, birth);
  } catch (...) {
    end_beside();
    throw;
  }
}

void Child::start_beside(const std::function<void()>& run, const Birth& birth) {
  const pid_t parent = birth.fork ? 0 : ::getpid();
  try {
    const pid_t pid = fork_child(birth);
    if (pid < 0) throw EnvironmentError(with_errno("fork", errno));
    if (pid == 0) {
      settle_in(parent);
      run();
      ::_exit(127);
    }
    beside_.push_back(pid);
  } catch (...) {
    end_beside();
    throw;
  }
}

void Child::end_beside() {
  for (const pid_t pid : beside_) ::kill(pid, SIGKILL);
  for (const pid_t pid : beside_) ::waitpid(pid, nullptr, 0);
  beside_.clear();
}

template <class Send>
void Child::each(Send send) const {
  if (!ended_) send(pid_);
  for (const pid_t pid : beside_) send(pid);
}

void Child::send(int signal) const {
  each([=](pid_t pid) { ::kill(pid, signal); });
}

void Child::pass_on(const signalfd_siginfo& info) {
  const int signal = static_cast<int>(info.ssi_signo);
  const bool from_terminal = comes_from_terminal(info);
  if (!manner_.own_group && from_terminal) return;
  if (signal == SIGTERM || signal == SIGINT || signal == SIGHUP) {
    const bool repeated = last_end_ != 0 && now() - last_end_ < manner_.once_within;
    // A second Ctrl-C is a person's wish to end it at once: that one is passed on.
    if (repeated && !from_terminal) return;
    last_end_ = now();
  }
  if (info.ssi_code == SI_QUEUE) {
    sigval value{};
    value.sival_ptr = reinterpret_cast<void*>(info.ssi_ptr);
    each([=](pid_t pid) { ::sigqueue(pid, signal, value); });
  } else {
    send(signal);
  }
}

void Child::serve_signal(const Events& events) {
  signalfd_siginfo info{};
  if (::read(signals_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return;
  const int signal = static_cast<int>(info.ssi_signo);
  if (signal == SIGCHLD || is_of_own_file(info)) return;
  if (events.on_signal && events.on_signal(signal)) return;
  pass_on(info);
  // Stopping is for both; SIGCONT, when it comes, is passed on like any other.
  if (signal == SIGTSTP) ::raise(SIGSTOP);
}

bool Child::collect(int& status) {
  const auto has_ended = [](pid_t pid, int& how) {
    const pid_t ended = ::waitpid(pid, &how, WNOHANG);
    return ended == pid || (ended < 0 && errno == ECHILD);
  };
  ended_ = ended_ || has_ended(pid_, status);
  std::erase_if(beside_, [&](pid_t pid) {
    int ignored = 0;
    return has_ended(pid, ignored);
  });
  return ended_ && beside_.empty();
}

int Child::wait(const Events& events) {
  const UniqueFd timer = events.period > 0 ? periodic_timer(events.period) : UniqueFd();
  int status = 0;
  while (!collect(status)) {
    pollfd fds[2] = {{signals_.get(), POLLIN, 0}, {timer.get(), POLLIN, 0}};
    if (::poll(fds, timer ? 2 : 1, -1) < 0) continue;
    if ((fds[0].revents & POLLIN) != 0) serve_signal(events);
    if (timer && (fds[1].revents & POLLIN) != 0) {
      std::uint64_t ticks = 0;
      if (::read(timer.get(), &ticks, sizeof ticks) > 0) events.on_timer();
    }
  }
  return status;
}

int end_like(int status) {
  if (!WIFSIGNALED(status)) return exit_code_of(status);
  const int signal = WTERMSIG(status);
  const rlimit none{};
  ::setrlimit(RLIMIT_CORE, &none);  // the child has left its core file, if any
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  ::sigaction(signal, &action, nullptr);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  ::raise(signal);
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
  return 128 + signal;
}

}  // namespace cairn::cli
