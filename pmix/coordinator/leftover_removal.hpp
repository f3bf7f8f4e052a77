// SPDX-License-Identifier: Apache-2.0
// Removes what killed mpiruns left (leftovers.hpp) in a process of its own, since that may take long: a job's memory to
// delete, a file server that does not answer. What a command is for does not wait for it. Made while the process has
// one thread.
#pragma once

#include <string>

#include "core/base/unique_fd.hpp"

namespace cairn::pmix {

class LeftoverRemoval {
 public:
  // Begins. `user_directory`: the one that holds the user's runtime directories.
  explicit LeftoverRemoval(const std::string& user_directory) noexcept;
  // Waits a moment for the end, so that ordinarily nothing is left when the command ends; later it goes on alone.
  ~LeftoverRemoval();
  LeftoverRemoval(const LeftoverRemoval&) = delete;
  LeftoverRemoval& operator=(const LeftoverRemoval&) = delete;

 private:
  UniqueFd ended_;  // at its end when the process has ended
};

}  // namespace cairn::pmix
