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
#include <deque>
#include <optional>

#include "core/abi/beginning.hpp"
#include "core/abi/forked_copy.hpp"
#include "core/abi/process_number.hpp"
#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/group/plan.hpp"
#include "core/group/sharing.hpp"
#include "core/group/sharing_message.hpp"
#include "core/state/descriptors/room.hpp"

namespace cairn::group {
namespace {

// Fields of proc(5), counted from 1; the first that stat_fields() gives is the third.
enum : std::size_t { kState = 3, kParent = 4, kGroup = 5, kSession = 6, kFlags = 9, kExitSignal = 38, kExitCode = 52 };

constexpr double kPatience = 5;     // for one that is exiting to have a status
constexpr useconds_t kLook = 1000;  // microseconds

std::optional<TreeProcess> look_once(pid_t pid, bool& exiting) {
  const std::string text = read_file("/proc/" + std::to_string(pid) + "/stat").value_or("");
  const std::size_t open = text.find('('), close = text.rfind(')');
  if (open == std::string::npos || close == std::string::npos) return std::nullopt;
  std::vector<std::string> words;
  const std::string fields = trimmed(text.substr(close + 1));
  for (const std::string_view word : split_words(fields)) words.emplace_back(word);
  if (words.size() <= kExitCode - kState) return std::nullopt;
  const auto number = [&](std::size_t field) { return std::atoi(words[field - kState].c_str()); };
  TreeProcess process;
  process.described = {pid, number(kParent), number(kGroup), number(kSession), false, 0, {}, 0};
  process.described.name = text.substr(open + 1, close - open - 1);
  process.described.ended = words[0] == "Z" || words[0] == "X";
  exiting = !process.described.ended && (to_number(words[kFlags - kState]) & beginning::kExiting) != 0;
  if (process.described.ended) process.described.status = number(kExitCode) & 0xffff;
  process.exit_signal = number(kExitSignal);
  process.stopped = words[0] == "T";
  return process;
}

std::optional<TreeProcess> look_at(pid_t pid) {
  for (const Deadline patience(kPatience);; usleep(kLook)) {
    bool exiting = false;
    auto process = look_once(pid, exiting);
    if (!exiting || patience.passed()) return process;
  }
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

std::shared_ptr<RemoteProcess> reach(const context::GroupProcess& process, RemoteProcess::Wanted wanted) {
  const std::string file = context::group_file_name(process.pid);
  std::memset(wanted.request.name, 0, sizeof wanted.request.name);
  file.copy(wanted.request.name, sizeof wanted.request.name - 1);
  return std::make_shared<RemoteProcess>(process.pid, process.name, wanted);
}

}  // namespace

std::vector<TreeProcess> process_tree(pid_t root) {
  std::multimap<pid_t, TreeProcess> by_parent;
  for (const std::string& name : directory_entries("/proc")) {
    const auto pid = static_cast<pid_t>(to_number(name));
    if (pid <= 0 || pid == root) continue;
    if (auto process = look_at(pid)) by_parent.emplace(process->described.parent, std::move(*process));
  }
  std::vector<TreeProcess> tree;
  if (auto first = look_at(root)) tree.push_back(std::move(*first));
  for (std::size_t i = 0; i < tree.size(); ++i) {
    const auto [begin, end] = by_parent.equal_range(tree[i].described.pid);
    for (auto child = begin; child != end; ++child) tree.push_back(child->second);
  }
  return tree;
}

Tree::Tree(const cairn_control_request& request, int directory, const state::StandardFiles& standard)
    : wanted_(wanted_of(request, directory, standard)), scope_{getpid(), standard} {}

Tree::Tree(const cairn_control_request& request, int directory, const state::StandardFiles& standard, const Member& own)
    : Tree(request, directory, standard) {
  numbers_[&own] = getpid();
  index_.leader_beside = true;
}

// And no program of the tree's that asks by libcr.
bool Tree::is_command(pid_t pid) const { return pid == command_ && !beginning::has_program(pid); }

Group::Members Tree::find(const Group::Members& known) {
  Group::Members found;
  if (known.empty()) {
    scope_.sharing = nullptr;
    others_.clear();
    numbers_.clear();
    found.push_back(std::make_shared<OwnProcess>());
    numbers_[found.back().get()] = getpid();
  }
  const std::vector<TreeProcess> tree = process_tree(getpid());
  // Who is stopped has to be woken, and a parent that did not stand would be told.
  const bool all_stand =
      !known.empty() && std::all_of(known.begin(), known.end(), [](const auto& member) { return member->stands(); });
  const auto is_new = [&](const TreeProcess& process) {
    const pid_t pid = process.described.pid;
    return pid != getpid() && !process.described.ended && others_.count(pid) == 0 && !is_command(pid) &&
           (all_stand || !process.stopped);
  };
  // Forked copies come to their hosts all at the same time.
  for (const TreeProcess& process : tree) {
    if (!is_new(process)) continue;
    check_user(process.described);
    bool asked = false;
    ask_for_host(process.described.pid, asked);
  }
  for (const TreeProcess& process : tree) {
    const pid_t pid = process.described.pid;
    if (!is_new(process)) continue;
    check_namespace(process.described);
    try {
      others_[pid] = reach(process.described, wanted_);
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

void Tree::check_standing() {
  index_.processes.clear();
  std::vector<pid_t> running;
  for (TreeProcess& process : process_tree(getpid())) {
    context::GroupProcess& p = process.described;
    const bool command = !p.ended && is_command(p.pid);
    if (command) p.ended = true;
    const std::string name = p.described();
    if (!p.ended && p.pid != getpid() && others_.count(p.pid) == 0)
      throw TemporaryError(name + " has turned up while the others stood");
    if (!p.ended && p.pid != getpid() && process.exit_signal != SIGCHLD)
      throw PermanentError(name + " tells its parent of its end by signal " + std::to_string(process.exit_signal));
    if (p.ended && !command) check_end(p, name);
    if (!p.ended) running.push_back(p.pid);
    index_.processes.push_back(p);
  }
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
