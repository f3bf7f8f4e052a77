// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/other_holders.hpp"

#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <exception>
#include <optional>
#include <vector>

#include "core/base/proc.hpp"
#include "core/state/descriptors/terminal_pair.hpp"
#include "core/state/group_scope.hpp"

namespace cairn::state {

namespace {

pid_t parent_of(const std::string& process) noexcept {
  try {
    return std::atoi(stat_fields("/proc/" + process + "/stat").at(1).c_str());
  } catch (const std::exception&) {
    return 0;  // it has ended
  }
}

// The leader, those of its process group or session if these are to be saved, and the descendants of all of them: who
// may be members.
class Family {
 public:
  explicit Family(const GroupScope& scope) : leader_(scope.leader), scope_(scope.scope) {}
  bool has(pid_t pid) {
    while (pid > 1 && pid != leader_ && !is_in_scope(pid, scope_, leader_)) {
      const auto [known, is_new] = parents_.try_emplace(pid);
      if (is_new) known->second = parent_of(std::to_string(pid));
      pid = known->second;
    }
    return pid > 1 || pid == leader_;
  }

 private:
  const pid_t leader_;
  const Scope scope_;
  std::map<pid_t, pid_t> parents_;
};

std::vector<std::string> other_processes() {
  std::vector<std::string> processes = directory_entries("/proc");
  const std::string self = std::to_string(getpid());
  std::optional<Family> family;
  if (const GroupScope* scope = group_scope()) family.emplace(*scope);
  std::erase_if(processes, [&](const std::string& name) {
    return std::isdigit(static_cast<unsigned char>(name[0])) == 0 || name == self ||
           (family && family->has(std::atoi(name.c_str())));
  });
  return processes;
}

}  // namespace

std::string described_process(const std::string& process) {
  const std::string name = trimmed(read_file("/proc/" + process + "/comm").value_or("it has ended"));
  return "process " + process + " (" + name + ")";
}

bool may_be_of_group(pid_t pid) {
  const GroupScope* scope = group_scope();
  return scope != nullptr && Family(*scope).has(pid);
}

bool is_saved_together(pid_t process) {
  if (process == getpid()) return true;
  const GroupSharing* sharing = group_sharing();
  return sharing != nullptr ? sharing->has_process(process) : may_be_of_group(process);
}

// A restart makes those that a process leads which is restarted, and is itself in one.
bool is_group_saved_together(pid_t group) {
  if (group == getpgrp()) return true;
  const GroupScope* scope = group_scope();
  return scope != nullptr && (group == getpgid(scope->leader) || is_saved_together(group));
}

// They are in a file system without a device.
bool is_message_queue(const std::string& path, const struct stat& status) {
  constexpr long kMessageQueues = 0x19800202;
  struct statfs system {};
  return S_ISREG(status.st_mode) && major(status.st_dev) == 0 && statfs(path.c_str(), &system) == 0 &&
         system.f_type == kMessageQueues;
}

// What other kinds have is not looked at: links are read without being followed first.
void look_at_objects(const std::string& process, const std::function<void(const ObjectIdentity&)>& found) {
  const std::string directory = "/proc/" + process + "/fd/";
  for (const std::string& number : directory_entries(directory)) {
    const std::string link = directory + number;
    const std::string target = read_link(link);
    const bool terminal = is_terminal_path(target);
    const bool is_path = target.starts_with("/") && (!target.starts_with("/dev/") || terminal);
    if (!is_path && !target.starts_with("pipe:") && !target.starts_with("socket:")) continue;
    struct stat status {};
    const auto matters = [&] {
      return S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) ||
             (S_ISREG(status.st_mode) && status.st_nlink == 0) || is_message_queue(link, status);
    };
    if (stat(link.c_str(), &status) != 0) continue;
    if (matters()) found({status.st_dev, status.st_ino});
    if (const auto pair = terminal ? pair_of("/proc/" + process, number, status) : std::nullopt) found(*pair);
  }
}

OtherHolders::OtherHolders() {
  for (const std::string& process : other_processes()) {
    look_at_objects(process, [&](const ObjectIdentity& found) { process_of_.try_emplace(found, process); });
  }
}

std::string OtherHolders::of(const ObjectIdentity& file) const {
  const auto found = process_of_.find(file);
  return found == process_of_.end() ? std::string() : described_process(found->second);
}

OtherMappings::OtherMappings() {
  for (const std::string& process : other_processes()) look_at(process);
}

// "7f0000000000-7f0000001000 rw-s 00000000 fe:00 1230139   /a/file (deleted)"
void OtherMappings::look_at(const std::string& process) {
  const auto maps = read_file("/proc/" + process + "/maps");
  if (!maps) return;
  for (std::string_view line : split_lines(*maps)) {
    if (!line.ends_with(" (deleted)")) continue;
    const auto words = split_words(line);
    constexpr std::size_t kRights = 1, kDevice = 3, kInode = 4;
    if (words.size() > kInode && words[kRights].ends_with("s"))
      process_of_.try_emplace({to_number(words[kInode]), shown_device(words[kDevice])}, process);
  }
}

std::string OtherMappings::of_memory(std::uint64_t device, std::uint64_t inode) const {
  const auto found = process_of_.find({inode, device});
  return found == process_of_.end() ? std::string() : described_process(found->second);
}

std::string OtherMappings::of_file(std::uint64_t inode) const {
  const auto found = process_of_.lower_bound({inode, 0});
  return found == process_of_.end() || found->first.first != inode ? std::string() : described_process(found->second);
}

}  // namespace cairn::state
