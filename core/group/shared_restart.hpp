// SPDX-License-Identifier: Apache-2.0
// What the processes of a group had in common, made for all of them by whoever starts them (docs/groups.md): open file
// descriptions, pipes and pairs of sockets with their content, memory without a path. Each process inherits what it
// had, and finds in its options which is which. Ordinary code of a program with one thread.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/abi/restart_options.hpp"
#include "core/base/unique_fd.hpp"
#include "core/group/descriptor_inbox.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/image.hpp"

namespace cairn::group {

class SharedRestart {
 public:
  // All files of the group; those of ended processes are null. What stands at 0, 1 and 2 for its first process is
  // there, or among `standard`, by number. The files must live until everything is handed over. Throws PermanentError,
  // EnvironmentError.
  SharedRestart(std::span<const state::Image* const> images, const restart::Options& options,
                std::span<const std::pair<int, UniqueFd>> standard);

  // In process `i`, once, before it executes its host or goes on as one: which descriptors it inherits.
  void hand_over(std::size_t i, restart::Options& options);
  // Is there something that can be made only when all processes are there?
  bool has_last() const noexcept { return !last_.empty(); }
  // In process `i`, once all are there, and all of them at the same time: makes what is this one's to make, and has
  // what others have made handed over. No process goes on to its host before all have done so: others may have to be
  // made, for a moment, whose numbers are any. Throws EnvironmentError.
  void make_last(std::size_t i, restart::Options& options);
  // Those that sessions of the group are to have.
  const std::vector<state::SessionTerminal>& terminals() const noexcept { return terminals_; }
  // For the user.
  const std::vector<std::string>& notes() const noexcept { return notes_; }

 private:
  class Maker;
  struct Given {
    std::vector<std::pair<std::uint32_t, int>> descriptions;
    std::vector<restart::Options::GivenMemory> memory;
  };
  // Who has a description that is made last, and what is its index in its file.
  using Holders = std::vector<std::pair<std::size_t, std::uint32_t>>;
  struct Last {
    std::vector<Holders> ends;  // of each the one that has saved it is the first; that of the first end makes all
    std::function<std::vector<UniqueFd>(const restart::Options&)> make;
  };
  void expect_last(std::size_t process) { inboxes_[process].expect_one(); }
  int keep(UniqueFd made);
  int taken(int made);

  std::vector<Given> given_;  // by process
  std::vector<Last> last_;
  std::map<std::size_t, DescriptorInbox> inboxes_;  // by process, of those for whom others make something
  std::vector<restart::Options::GivenSystemV> system_v_;
  std::vector<UniqueFd> made_;
  std::vector<state::SessionTerminal> terminals_;
  std::vector<std::string> notes_;
};

}  // namespace cairn::group
