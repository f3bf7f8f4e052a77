// SPDX-License-Identifier: Apache-2.0
// SIGINT and SIGTERM while a command waits for what somebody else does for it: they do not end it before it has said
// there that it is not wanted any more. Those that are ignored stay so. Ordinary code; not where there are threads.
#pragma once

#include <signal.h>

#include "core/base/unique_fd.hpp"

namespace cairn::launcher {

class Interruption {
 public:
  // Throws EnvironmentError.
  Interruption();
  // What came since is lost, what comes from now on does as ever.
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  // There is something to read from it once one has come.
  int descriptor() const { return signals_.get(); }
  // The signal that has come; 0: none, or they are let through.
  int came();
  // Ends the process by the signal that has come.
  [[noreturn]] void end_by_it();
  // From now on a signal ends the process at once.
  void let_through();

 private:
  UniqueFd signals_;
  sigset_t before_{};
  int came_ = 0;
};

}  // namespace cairn::launcher
