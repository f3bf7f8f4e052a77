// SPDX-License-Identifier: Apache-2.0
// Programs that the commands start, become, or stand for. Ordinary code; throws EnvironmentError.
//
// A command that stands for a child (cr_restart for the program, mpirun for the real one) passes signals on to it.
// While the two share a process group what the terminal sends (Ctrl-C, Ctrl-Z) reaches both, so only signals sent by
// processes are passed on. A child with a process group of its own gets every signal from us, once.
#pragma once

#include <signal.h>
#include <sys/signalfd.h>
#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "core/base/unique_fd.hpp"

namespace cairn::cli {

// Becomes `program`, which is looked for in PATH if it has no slash, with these words for its argv. Throws if that
// cannot be.
[[noreturn]] void execute(const std::string& program, const std::vector<std::string>& words);
// Runs it as a child, passes signals on to it and waits for it; the exit code, 128 and the signal's number for a
// signal. Call it before any thread exists.
int run_tool(const std::vector<std::string>& words);
// Of a wait status, as above.
int exit_code_of(int status);

// With which number a child is made, as fork_as() has it.
struct Birth {
  pid_t number = 0;
  bool only_that_number = false;
  std::string advice;           // if that cannot be: the end of the message
  std::function<pid_t()> fork;  // instead of that: into another process namespace, where it does not see its parent
};

// All that can be caught, but for those that are about the receiver itself: SIGCHLD; SIGPIPE; SIGTTIN and SIGTTOU of a
// terminal whose foreground job it is not in.
enum class JobControl {
  passed_on,  // SIGTSTP and SIGCONT, too
  of_group    // a shell stops both, and has both go on
};
std::vector<int> signals_to_pass_on(JobControl stopping);

class Child {
 public:
  struct Manner {
    std::vector<int> passed_on;  // signals
    bool own_group = false;
    bool ends_with_us = false;  // gets SIGTERM when we die
    double once_within = 0;     // seconds; of the signals that ask it to end, a process sends only one in that time
  };
  // Blocks the signals and SIGCHLD: construct it before any thread exists.
  explicit Child(Manner manner);

  // Starts `program`. `prepare` runs in the child before. Throws if it cannot be executed, or not have that number.
  void start(const std::string& program, const std::vector<std::string>& words,
             const std::function<void()>& prepare = {}, const Birth& birth = {});
  // Another, which is waited for and gets the signals like the first: to be made before start(). `run` runs in it, and
  // does not return. Throws as start(), and then has ended all that it has made.
  void start_beside(const std::function<void()>& run, const Birth& birth);
  void send(int signal) const;
  pid_t pid() const noexcept { return pid_; }

  struct Events {
    std::function<bool(int signal)> on_signal;  // true: taken, not passed on
    double period = 0;                          // seconds; 0: no timer
    std::function<void()> on_timer;
  };
  // Serves signals and the timer until the child, and those beside it, have ended; returns its wait status.
  int wait(const Events& events);

 private:
  void serve_signal(const Events& events);
  void pass_on(const signalfd_siginfo& info);
  bool collect(int& status);
  void settle_in(pid_t parent) const;
  void end_beside();
  template <class Send>
  void each(Send send) const;

  Manner manner_;
  UniqueFd signals_;
  sigset_t old_mask_{};
  pid_t pid_ = -1;
  bool ended_ = false;  // and has been waited for
  std::vector<pid_t> beside_;
  double last_end_ = 0;  // when a signal that ends the child was passed on
};

// Dies of the signal that a child with this wait status has died of, or returns its exit code.
int end_like(int status);

}  // namespace cairn::cli
