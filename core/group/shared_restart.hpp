// SPDX-License-Identifier: Apache-2.0
// What the processes of a group had in common, made for all of them by whoever starts them (docs/groups.md): open file
// descriptions, pipes and pairs of sockets with their content, memory without a path. Each process inherits what it
// had, and finds in its options which is which. Ordinary code of a program with one thread.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/abi/restart_options.hpp"
#include "core/base/unique_fd.hpp"
#include "core/state/image.hpp"

namespace cairn::group {

class SharedRestart {
 public:
  // All files of the group; those of ended processes are null. What stands at 0, 1 and 2 for its first process is
  // there, or among `standard`, by number. Throws PermanentError, EnvironmentError.
  SharedRestart(std::span<const state::Image* const> images, const restart::Options& options,
                std::span<const std::pair<int, UniqueFd>> standard);

  // In process `i`, or where it has been forked from, before it executes its host: which descriptors it inherits.
  void hand_over(std::size_t i, restart::Options& options) const;
  // For the user.
  const std::vector<std::string>& notes() const noexcept { return notes_; }

 private:
  class Maker;
  struct Given {
    std::vector<std::pair<std::uint32_t, int>> descriptions;
    std::vector<restart::Options::GivenMemory> memory;
  };
  std::vector<Given> given_;  // by process
  std::vector<restart::Options::GivenSystemV> system_v_;
  std::vector<UniqueFd> made_;
  std::vector<std::string> notes_;
};

}  // namespace cairn::group
