// SPDX-License-Identifier: Apache-2.0
// This process and its descendants, or all of its process group or session with theirs, as a group: who they are, what
// is checked when all stand, the index of their directory (docs/groups.md). Ordinary code, one thread; looks at /proc.
#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <vector>

#include "core/context/group_index.hpp"
#include "core/group/group.hpp"
#include "core/group/own_process.hpp"
#include "core/group/processes.hpp"
#include "core/group/remote_process.hpp"
#include "core/state/group_scope.hpp"

namespace cairn::group {

class Tree {
 public:
  // This process's. `request` says who belongs to it, and is what the members are asked for; their files are made in
  // `directory`.
  Tree(const cairn_control_request& request, int directory, const state::StandardFiles& standard);
  // The same where this process, `own`, is in the group already, and its file is beside the directory NAME.tree:
  // NAME.ctx.
  Tree(const cairn_control_request& request, int directory, const state::StandardFiles& standard, const Member& own);

  // The command that has asked may be one of them, as in a script that saves itself: it is no member, and will have
  // ended with success; so will those that were started by cr_run --omit, or whose callbacks have them left out.
  void leave_out(pid_t command) noexcept { command_ = command; }
  // Group::Enumerate, with this process first.
  Group::Members find(const Group::Members& known);
  // All members stand: who there is is final, and what they have in common. Throws for what a restart could not make
  // again.
  void check_standing();
  // This process as the leader. What the members have in common is known once they stand.
  const state::GroupScope& scope() const noexcept { return scope_; }
  // The index, in the order of find(): `statistics` of each. Returns its checksum. Throws EnvironmentError.
  std::uint64_t write_index(const std::vector<CheckpointStatistics>& statistics, const Group::Members& members,
                            bool sync);
  // A member was stopped by job control, and sleeps again once it is released.
  bool was_stopped() const;
  std::size_t size() const noexcept { return index_.processes.size(); }

 private:
  void check_leads() const;
  void remove_unfinished() const;
  bool is_left_out(pid_t pid) const;

  RemoteProcess::Wanted wanted_;
  pid_t command_ = 0;
  state::GroupSharing sharing_;
  UniqueFd message_;  // the same, for the members
  state::GroupScope scope_;
  std::map<pid_t, std::shared_ptr<RemoteProcess>> others_;
  std::map<const Member*, pid_t> numbers_;
  context::GroupIndex index_;
};

}  // namespace cairn::group
