// SPDX-License-Identifier: Apache-2.0
// The descendants of a process that somebody saves to a file NAME.ctx by a group of his own, as an MPI job's agent does
// its rank: where there are any, they are members of that group, and their files and the index are in the directory
// NAME.tree. This process stands first, and only then are they asked to: it may need them until then, for an answer
// that it owes to others.
//
// Ordinary code, on the thread that takes the checkpoint.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/unique_fd.hpp"
#include "core/group/group.hpp"
#include "core/group/tree.hpp"
#include "core/state/group_scope.hpp"
#include "core/state/process/kind.hpp"

namespace cairn::group {

class TreeBeside {
 public:
  TreeBeside() = default;
  ~TreeBeside() { discard(); }
  TreeBeside(const TreeBeside&) = delete;
  TreeBeside& operator=(const TreeBeside&) = delete;

  // For the next checkpoint: this process's file.
  void begin(const CheckpointParameters& parameters, const std::string& file);
  // Group::Enumerate: first this process alone, then those that have come to be there. Throws for who cannot be a
  // member.
  Group::Members find(const Group::Members& known);
  // Request::all_stand.
  void check_standing();

  struct Written {
    std::uint64_t members = 0;   // this process and the others, also ended ones; 0: there is no tree
    std::uint64_t bytes = 0;     // of the others' files
    std::uint64_t checksum = 0;  // of the index
  };
  // When all files are whole. `statistics` of each member. Throws EnvironmentError.
  Written write_index(const std::vector<CheckpointStatistics>& statistics, const Group::Members& members);
  // Removes what has been made since begin().
  void discard() noexcept;
  // What is there stays.
  void end() noexcept;

 private:
  void lead(const Member& own);
  void make_directory();
  static void refuse_stopped();

  CheckpointParameters parameters_;
  std::string directory_;
  UniqueFd opened_;
  std::optional<Tree> tree_;
  std::optional<state::InGroup> in_group_;
  std::optional<state::ChildrenAllowed> children_;
};

}  // namespace cairn::group
