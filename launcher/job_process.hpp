// SPDX-License-Identifier: Apache-2.0
// The real mpirun as a child: started, fed with our signals, waited for.
//
// If stdin is a terminal the child stays in our process group, which is the terminal's foreground job: what the
// terminal sends (Ctrl-C, Ctrl-Z) reaches both, so only signals sent by processes are passed on. Otherwise the child
// has a process group of its own and gets every signal from us, once: kill(-group) and timeout(1) would otherwise
// deliver two, and a second one within 5 s makes Open MPI drop everything. When we die, the child gets SIGTERM.
//
// All signals that mpirun cares about are blocked and read from a signalfd: construct it before any thread exists.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/base/unique_fd.hpp"

namespace cairn::launcher {

class JobProcess {
 public:
  JobProcess();

  // Throws EnvironmentError if `program` cannot be executed.
  void start(const std::string& program, const std::string& argv0, const std::vector<std::string>& arguments,
             const std::map<std::string, std::string>& variables);
  pid_t pid() const { return pid_; }
  void send(int signal) const;

  struct Events {
    std::function<bool(int signal)> on_signal;  // true: taken, not passed on
    double period = 0;                          // seconds; 0: no timer
    std::function<void()> on_timer;
  };
  // Serves signals and the timer until the child has ended; returns its wait status.
  int wait(const Events& events);

 private:
  void serve_signal(const Events& events);
  void pass_on(int signal, bool from_terminal);
  bool collect(int& status);

  UniqueFd signals_;
  sigset_t old_mask_{};
  pid_t pid_ = -1;
  bool same_group_ = false;
  double last_end_ = 0;  // when a signal that ends the job was passed on
};

}  // namespace cairn::launcher
