// SPDX-License-Identifier: Apache-2.0
#include "core/group/plan.hpp"

#include <algorithm>
#include <map>
#include <string>

#include "core/base/error.hpp"

namespace cairn::group {
namespace {

using context::GroupIndex;
using context::GroupProcess;

[[noreturn]] void refuse(const GroupProcess& process, const std::string& why) {
  throw PermanentError(process.described() + " " + why);
}

[[noreturn]] void refuse_session(const GroupProcess& process) {
  refuse(process, "is in session " + std::to_string(process.session) +
                      ", whose leader is none of its ancestors: such cannot be made again");
}

class Planner {
 public:
  explicit Planner(const GroupIndex& index) : all_(index.processes), plan_(all_.size()), born_(all_.size()) {
    for (std::size_t i = 0; i < all_.size(); ++i) place_[all_[i].pid] = i;
  }
  std::vector<PlannedProcess> plan() {
    born_[0] = root().session;
    for (std::size_t i = 1; i < all_.size(); ++i) {
      all_[i].parent != 0 ? plan_birth(i) : plan_beside(i);
      plan_group(i);
    }
    return std::move(plan_);
  }

 private:
  const GroupProcess& root() const { return all_.front(); }
  // What the root is in is not made again.
  bool makes_session(std::size_t i) const { return i != 0 && all_[i].session == all_[i].pid; }
  bool has_child_in(std::int32_t parent, std::int32_t session) const {
    return std::any_of(all_.begin() + 1, all_.end(),
                       [&](const GroupProcess& p) { return p.parent == parent && p.session == session; });
  }
  void plan_birth(std::size_t i);
  void plan_beside(std::size_t i);
  void plan_group(std::size_t i);

  const std::vector<GroupProcess>& all_;
  std::vector<PlannedProcess> plan_;
  std::vector<std::int32_t> born_;  // the session in which each is forked
  std::map<std::int32_t, std::size_t> place_;
  std::map<std::int32_t, std::size_t> first_of_group_;  // of those that join one
};

void Planner::plan_birth(std::size_t i) {
  const GroupProcess& process = all_[i];
  const std::size_t parent = place_.at(process.parent);
  const std::int32_t before = born_[parent], after = all_[parent].session;
  plan_[i].makes_session = makes_session(i);
  if (plan_[i].makes_session) {
    // In which it was is seen from the children that it had then.
    born_[i] = before != after && has_child_in(process.pid, before) ? before : after;
  } else {
    born_[i] = process.session;
  }
  if (born_[i] != before && born_[i] != after) refuse_session(process);
  (makes_session(parent) && born_[i] == before ? plan_[parent].first : plan_[parent].then).push_back(i);
}

// Nobody that is made again has a session in which it could be, but itself.
void Planner::plan_beside(std::size_t i) {
  const GroupProcess& process = all_[i];
  plan_[i].beside = true;
  plan_[i].makes_session = makes_session(i);
  born_[i] = root().session;
  if (!plan_[i].makes_session && process.session != root().session) refuse_session(process);
}

void Planner::plan_group(std::size_t i) {
  const GroupProcess& process = all_[i];
  if (process.group == root().group) {
    if (process.session != root().session) refuse(process, "is in a process group of another session");
    return;  // the one in which whoever restarts is: it is in it from its birth
  }
  if (process.group == process.pid) {
    plan_[i].makes_group = !plan_[i].makes_session;
    return;
  }
  plan_[i].joins_group = process.group;
  const auto first = first_of_group_.try_emplace(process.group, i).first->second;
  const auto leader = place_.find(process.group);
  const bool led = leader != place_.end();
  const std::string group = "is in process group " + std::to_string(process.group);
  if (led && all_[leader->second].group != process.group)
    refuse(process, group + ", whose leader has left it: it cannot be made again");
  if (all_[led ? leader->second : first].session != process.session) refuse(process, group + " of another session");
  plan_[i].makes_leader = !led && first == i;
}

}  // namespace

std::vector<PlannedProcess> plan_restart(const GroupIndex& index) { return Planner(index).plan(); }

}  // namespace cairn::group
