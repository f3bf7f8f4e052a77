// SPDX-License-Identifier: Apache-2.0
// The process that cr_restart stands for.
#pragma once

#include <sys/types.h>

#include <functional>

#include "core/base/unique_fd.hpp"

namespace cairn::tools {

class Child {
 public:
  // Starts `body` in a child, with number `wanted` if that is not 0 and permitted. `body` gets the descriptor by
  // which the restarted program says that it goes on, and does not return. Throws EnvironmentError.
  Child(pid_t wanted, const std::function<void(int)>& body);
  // False if the child has ended, or closed its descriptor, before the program went on.
  bool wait_until_started();
  // Exit code of a child that did not start; does not reap it.
  int wait_for_failure() const;
  // Passes signals on until the child ends, then ends in the same way or returns its exit code.
  int end_as_it_does();

 private:
  pid_t pid_ = 0;
  UniqueFd started_;
};

}  // namespace cairn::tools
