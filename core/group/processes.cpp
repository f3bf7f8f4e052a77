// SPDX-License-Identifier: Apache-2.0
#include "core/group/processes.hpp"

#include <unistd.h>

#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "core/abi/beginning.hpp"
#include "core/base/deadline.hpp"
#include "core/base/proc.hpp"

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

class Processes {
 public:
  Processes() {
    for (const std::string& name : directory_entries("/proc")) {
      const auto pid = static_cast<pid_t>(to_number(name));
      auto process = pid > 0 ? look_at(pid) : std::nullopt;
      if (!process) continue;
      by_parent_.emplace(process->described.parent, pid);
      all_.emplace(pid, std::move(*process));
    }
  }
  // The process and its descendants, but for those that have been found already.
  void add_tree(pid_t root) {
    std::size_t next = found_.size();
    for (add(root); next < found_.size(); ++next) {
      const auto [begin, end] = by_parent_.equal_range(found_[next].described.pid);
      for (auto child = begin; child != end; ++child) add(child->second);
    }
  }
  // The trees of all others in the leader's process group or session.
  void add_scope(Scope scope, pid_t leader) {
    std::set<pid_t> members;
    for (const auto& [pid, process] : all_) {
      if (!process.described.ended && is_in_scope(pid, scope, leader) && !is_waiting_restart(pid)) members.insert(pid);
    }
    for (const pid_t member : members) {
      const std::size_t root = found_.size();
      add_tree(first_above(member, members));
      if (root < found_.size()) found_[root].described.parent = 0;  // nobody that is saved
    }
  }
  std::vector<TreeProcess> take() { return std::move(found_); }

 private:
  void add(pid_t pid) {
    const auto process = all_.find(pid);
    if (process != all_.end() && known_.insert(pid).second) found_.push_back(process->second);
  }
  // Of those, the one that is an ancestor of the process, or itself, and has none of them above it.
  pid_t first_above(pid_t pid, const std::set<pid_t>& members) const {
    pid_t first = pid;
    for (auto at = all_.find(pid); at != all_.end(); at = all_.find(at->second.described.parent)) {
      if (members.count(at->first) != 0) first = at->first;
    }
    return first;
  }

  std::map<pid_t, TreeProcess> all_;
  std::multimap<pid_t, pid_t> by_parent_;
  std::set<pid_t> known_;
  std::vector<TreeProcess> found_;
};

}  // namespace

std::optional<TreeProcess> look_at(pid_t pid) {
  for (const Deadline patience(kPatience);; usleep(kLook)) {
    bool exiting = false;
    auto process = look_once(pid, exiting);
    if (!exiting || patience.passed()) return process;
  }
}

std::vector<TreeProcess> processes_of(pid_t leader, Scope scope) {
  Processes processes;
  processes.add_tree(leader);
  if (scope != Scope::tree) processes.add_scope(scope, leader);
  return processes.take();
}

}  // namespace cairn::group
