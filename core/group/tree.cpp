// SPDX-License-Identifier: Apache-2.0
#include "core/group/tree.hpp"

#include <linux/kcmp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <memory>
#include <set>

#include "core/abi/beginning.hpp"
#include "core/abi/forked_copy.hpp"
#include "core/abi/process_number.hpp"
#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/group/plan.hpp"
#include "core/group/sharing.hpp"
#include "core/group/sharing_message.hpp"
#include "core/state/descriptors/room.hpp"

namespace cairn::group {
namespace {

// Its own children have that variable as well.
bool is_started_without(pid_t pid) {
  const std::string environment = read_file("/proc/" + std::to_string(pid) + "/environ").value_or("");
  return ('\0' + environment).find(std::string("\0CAIRN_OMIT=", 12)) != std::string::npos;
}

RemoteProcess::Wanted wanted_of(const cairn_control_request& request, int directory,
                                const state::StandardFiles& standard) {
  RemoteProcess::Wanted wanted{request, directory, standard};
  wanted.request.existing = CAIRN_CONTROL_REPLACE;
  wanted.request.signal = 0;
  std::memset(wanted.request.backup, 0, sizeof wanted.request.backup);
  return wanted;
}

// For one that had more rights than whoever asks, the kernel shows no status but 0.
void check_end(const context::GroupProcess& process, const std::string& name) {
  if (process.status != 0 || syscall(SYS_kcmp, getpid(), process.pid, KCMP_VM, 0, 0) >= 0 || errno != EPERM) return;
  throw TemporaryError(name + " has ended, and this user is not told how; its parent has not waited for it yet");
}

// The numbers of others count there: those of its children, of its own saved file.
void check_namespace(const context::GroupProcess& process) {
  if (own_number_of(process.pid).space == own_number_of(getpid()).space) return;
  throw PermanentError(process.described() + " is in another process namespace than the first of its tree");
}

// The host that a copy comes to has no more rights than it, and would have to write into what is the first one's.
void check_user(const context::GroupProcess& process) {
  if (!is_forked_copy(process.pid)) return;
  const auto status = read_file("/proc/" + std::to_string(process.pid) + "/status");
  const auto user = status ? effective_user(*status) : std::nullopt;
  if (!user || *user == 0 || *user == geteuid()) return;
  throw PermanentError(process.described() + " belongs to another user, " + std::to_string(*user) +
                       ", and cannot be saved together with it");
}

template <class Work>
void about_other(Work work) {
  try {
    work();
  } catch (const Error& error) {
    throw Error(error.code(), error.what(), error_of_other);
  }
}

std::shared_ptr<RemoteProcess> reach(const context::GroupProcess& process, RemoteProcess::Wanted wanted) {
  const std::string file = context::group_file_name(process.pid);
  std::memset(wanted.request.name, 0, sizeof wanted.request.name);
  file.copy(wanted.request.name, sizeof wanted.request.name - 1);
  return std::make_shared<RemoteProcess>(process.pid, process.name, wanted);
}

}  // namespace

Tree::Tree(const cairn_control_request& request, int directory, const state::StandardFiles& standard)
    : wanted_(wanted_of(request, directory, standard)), scope_{getpid(), standard} {
  scope_.scope = scope_of_flags(request.flags);
  if (scope_.scope == Scope::tree) return;
  std::vector<pid_t> members;
  for (const TreeProcess& process : processes_of(getpid(), scope_.scope)) members.push_back(process.described.pid);
  scope_.standard = wanted_.standard = standard_from_outside(members, standard);
}

Tree::Tree(const cairn_control_request& request, int directory, const state::StandardFiles& standard, const Member& own)
    : Tree(request, directory, standard) {
  numbers_[&own] = getpid();
  index_.leader_beside = true;
}

// Of those without a host: the command, and no program of the tree's that asks by libcr; whom cr_run --omit has
// started.
bool Tree::is_left_out(pid_t pid) const {
  if (const auto member = others_.find(pid); member != others_.end()) return member->second->has_left_itself_out();
  return (pid == command_ || is_started_without(pid)) && !beginning::has_program(pid);
}

Group::Members Tree::find(const Group::Members& known) {
  Group::Members found;
  if (known.empty()) {
    scope_.sharing = nullptr;
    others_.clear();
    numbers_.clear();
    found.push_back(std::make_shared<OwnProcess>());
    numbers_[found.back().get()] = getpid();
  }
  const std::vector<TreeProcess> tree = processes_of(getpid(), scope_.scope);
  // Who is stopped has to be woken, and a parent that did not stand would be told.
  const bool all_stand =
      !known.empty() && std::all_of(known.begin(), known.end(), [](const auto& member) { return member->stands(); });
  const auto is_new = [&](const TreeProcess& process) {
    const pid_t pid = process.described.pid;
    return pid != getpid() && !process.described.ended && others_.count(pid) == 0 && !is_left_out(pid) &&
           (all_stand || !process.stopped);
  };
  std::vector<TreeProcess> fresh;
  std::copy_if(tree.begin(), tree.end(), std::back_inserter(fresh), is_new);
  // Forked copies come to their hosts all at the same time.
  for (const TreeProcess& process : fresh) {
    about_other([&] {
      check_user(process.described);
      bool asked = false;
      ask_for_host(process.described.pid, asked);
    });
  }
  for (const TreeProcess& process : fresh) {
    const pid_t pid = process.described.pid;
    try {
      about_other([&] {
        check_namespace(process.described);
        others_[pid] = reach(process.described, wanted_);
      });
    } catch (const Error&) {
      others_.erase(pid);
      const auto now = look_at(pid);
      if (now && !now->described.ended) throw;
      continue;  // it has ended meanwhile
    }
    numbers_[others_[pid].get()] = pid;
    found.push_back(others_[pid]);
  }
  return found;
}

// A group is led by one that none of the others has made.
void Tree::check_leads() const {
  const context::GroupProcess& leader = index_.processes.front();
  for (const context::GroupProcess& process : index_.processes) {
    if (process.pid == leader.parent) throw TemporaryError(process.described() + " has joined what its child leads");
  }
}

void Tree::check_standing() {
  index_.processes.clear();
  std::vector<pid_t> running;
  std::set<pid_t> dropped;
  for (TreeProcess& process : processes_of(getpid(), scope_.scope)) {
    context::GroupProcess& p = process.described;
    const bool left_out = !p.ended && p.pid != getpid() && is_left_out(p.pid);
    const bool of_nobody = p.parent == 0 && p.pid != getpid();
    if (of_nobody && (left_out || p.ended)) {
      dropped.insert(p.pid);
      continue;
    }
    if (left_out) p.ended = true;
    if (dropped.count(p.parent) != 0) p.parent = 0;
    const std::string name = p.described();
    if (!p.ended && p.pid != getpid() && others_.count(p.pid) == 0)
      throw TemporaryError(name + " has turned up while the others stood");
    if (!p.ended && p.pid != getpid() && process.exit_signal != SIGCHLD)
      throw PermanentError(name + " tells its parent of its end by signal " + std::to_string(process.exit_signal));
    if (p.ended && !left_out) check_end(p, name);
    if (!p.ended) running.push_back(p.pid);
    index_.processes.push_back(p);
  }
  check_leads();
  plan_restart(index_);
  sharing_ = find_sharing(running, scope_.standard);
  state::check_room_for_sharing(sharing_.descriptions.size() + sharing_.memory.size(), running.size());
  for (const context::GroupProcess& process : index_.processes) sharing_.processes.push_back(process.pid);
  for (const auto& [pid, other] : others_) {
    if (other->stop_is_known()) sharing_.stops_seen.push_back(pid);
    if (other->was_stopped()) sharing_.woken.push_back(pid);
  }
  message_ = write_sharing(sharing_);
  scope_.sharing = &sharing_;
  scope_.message = message_.get();
}

// What members had begun to write who ended before they stood.
void Tree::remove_unfinished() const {
  for (const std::string& name : directory_entries("/proc/self/fd/" + std::to_string(wanted_.directory))) {
    if (!context::is_group_name(name)) unlinkat(wanted_.directory, name.c_str(), 0);
  }
}

std::uint64_t Tree::write_index(const std::vector<CheckpointStatistics>& statistics, const Group::Members& members,
                                bool sync) {
  for (context::GroupProcess& process : index_.processes) {
    for (std::size_t i = 0; i < members.size() && i < statistics.size(); ++i) {
      if (numbers_.at(members[i].get()) == process.pid) process.checksum = statistics[i].checksum;
    }
  }
  remove_unfinished();
  return context::write_group_index(wanted_.directory, index_, sync);
}

bool Tree::was_stopped() const {
  return std::any_of(others_.begin(), others_.end(), [](const auto& other) { return other.second->was_stopped(); });
}

}  // namespace cairn::group
