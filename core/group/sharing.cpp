// SPDX-License-Identifier: Apache-2.0
#include "core/group/sharing.hpp"

#include <linux/kcmp.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "core/abi/layout.h"
#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/state/descriptors/other_holders.hpp"
#include "core/state/descriptors/terminal_pair.hpp"
#include "core/state/system_v/memory.hpp"

namespace cairn::group {
namespace {

using state::GroupSharing;
using state::MemberDescriptor;
using Identity = std::pair<std::uint64_t, std::uint64_t>;  // device, inode

// A descriptor of a member.
struct Place {
  std::size_t order;  // of the member
  MemberDescriptor at;
  bool reads, writes;
  bool master = false;  // of a terminal
};

struct File {
  mode_t mode = 0;
  nlink_t links = 0;
  bool queue = false;
  std::vector<Place> places;
  bool is_object() const { return S_ISFIFO(mode) || S_ISSOCK(mode) || queue || is_nameless() || has_master(); }
  bool has_master() const {
    return std::any_of(places.begin(), places.end(), [](const Place& place) { return place.master; });
  }
  bool is_nameless() const { return S_ISREG(mode) && links == 0 && !queue; }
};

std::string directory_of(pid_t pid) { return "/proc/" + std::to_string(pid) + "/fd"; }
std::string path_of(const MemberDescriptor& at) { return directory_of(at.pid) + "/" + std::to_string(at.number); }

class Look {
 public:
  Look(const std::vector<pid_t>& members, const state::StandardFiles& standard)
      : members_(members), standard_(standard) {}
  GroupSharing find() {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      look_at_descriptors(i);
      look_at_memory(members_[i], true);
    }
    std::erase_if(files_, [this](const auto& entry) {
      return S_ISCHR(entry.second.mode) && !entry.second.has_master() && is_standard(entry.first);
    });
    look_at_others();
    for (auto& [identity, file] : files_) find_descriptions(identity, file);
    for (auto& [identity, memory] : memory_) {
      count_attachments(memory);
      sharing_.memory.push_back(memory);
    }
    return std::move(sharing_);
  }

 private:
  bool is_standard(const Identity& identity) const;
  bool counts(const struct stat& status) const;
  void look_at_descriptors(std::size_t member);
  void look_at_memory(pid_t pid, bool member);
  void look_at_others();
  static void count_attachments(state::MemberMemory& memory);
  void find_descriptions(const Identity& identity, File& file);
  void add_object(const Identity& identity, const File& file, const std::vector<Place>& owners);

  const std::vector<pid_t>& members_;
  const state::StandardFiles& standard_;
  std::map<Identity, File> files_;
  std::map<Identity, std::string> outside_;
  std::map<Identity, state::MemberMemory> memory_;
  GroupSharing sharing_;
};

bool Look::is_standard(const Identity& identity) const {
  return std::any_of(standard_.begin(), standard_.end(), [&](const cairn_control_file& file) {
    return file.device == identity.first && file.inode == identity.second;
  });
}

// Other devices that can be saved have no state. A terminal is what stands at 0, 1 and 2 only if no member has its
// master.
bool Look::counts(const struct stat& status) const {
  if (S_ISCHR(status.st_mode)) return state::is_terminal_master(status) || state::is_terminal_slave(status);
  const bool known_by_identity = S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode);
  return !known_by_identity || !is_standard({status.st_dev, status.st_ino});
}

void Look::look_at_descriptors(std::size_t member) {
  const pid_t pid = members_[member];
  const std::vector<std::string> names = directory_entries(directory_of(pid));
  if (names.empty()) throw TemporaryError("what process " + std::to_string(pid) + " has open cannot be seen");
  for (const std::string& name : names) {
    const MemberDescriptor at{pid, static_cast<std::int32_t>(to_number(name))};
    struct stat status {
    }, link{};
    if (stat(path_of(at).c_str(), &status) != 0 || lstat(path_of(at).c_str(), &link) != 0 || !counts(status)) continue;
    state::ObjectIdentity identity{status.st_dev, status.st_ino};
    if (S_ISCHR(status.st_mode)) {
      const auto pair = state::pair_of("/proc/" + std::to_string(pid), name, status);
      if (!pair) continue;
      identity = *pair;
    }
    File& file = files_[{identity.device, identity.inode}];
    file.mode = status.st_mode;
    file.links = status.st_nlink;
    file.queue = file.queue || (file.places.empty() && state::is_message_queue(path_of(at), status));
    // The rights of the link say how it is open.
    file.places.push_back(
        {member, at, (link.st_mode & S_IRUSR) != 0, (link.st_mode & S_IWUSR) != 0, state::is_terminal_master(status)});
  }
}

// "7f0000000000-7f0000001000 rw-s 00000000 fe:00 1230139   /a/file (deleted)"
void Look::look_at_memory(pid_t pid, bool member) {
  const auto maps = read_file("/proc/" + std::to_string(pid) + "/maps");
  if (!maps && member) throw TemporaryError("the memory of process " + std::to_string(pid) + " cannot be seen");
  if (!maps) return;
  for (const std::string_view line : split_lines(*maps)) {
    enum : std::size_t { kRange, kRights, kOffset, kDevice, kInode, kPath };
    const auto words = split_words(line);
    const bool nameless =
        line.ends_with(" (deleted)") || (words.size() > kPath && words[kPath].starts_with("[anon_shmem:"));
    if (words.size() <= kInode || !words[kRights].ends_with("s") || !nameless) continue;
    const bool system_v = words.size() > kPath && state::is_shown_as_system_v(std::string(words[kPath]));
    const Identity identity{shown_device(words[kDevice]) | (system_v ? state::system_v_device : 0),
                            to_number(words[kInode])};
    const std::size_t dash = words[kRange].find('-');
    const std::uint64_t start = to_number(words[kRange].substr(0, dash), 16);
    const std::uint64_t end = to_number(words[kRange].substr(dash + 1), 16);
    if (!member) {
      const auto known = memory_.find(identity);
      if (known != memory_.end() && known->second.outside.empty())
        known->second.outside = state::described_process(std::to_string(pid));
    } else if (end <= CAIRN_ARENA_TOP) {
      state::MemberMemory& memory = memory_[identity];
      memory.device = identity.first;
      memory.inode = identity.second;
      memory.ranges.push_back({pid, to_number(words[kOffset], 16), end - start});
    }
  }
}

void Look::look_at_others() {
  const bool objects =
      std::any_of(files_.begin(), files_.end(), [](const auto& file) { return file.second.is_object(); });
  if (!objects && memory_.empty()) return;
  const std::set<pid_t> members(members_.begin(), members_.end());
  for (const std::string& name : directory_entries("/proc")) {
    const auto pid = static_cast<pid_t>(to_number(name));
    if (pid <= 0 || members.count(pid) != 0) continue;
    if (objects) {
      state::look_at_objects(name, [&](const state::ObjectIdentity& found) {
        const auto known = files_.find({found.device, found.inode});
        if (known != files_.end() && known->second.is_object())
          outside_.try_emplace(known->first, state::described_process(name));
      });
    }
    if (!memory_.empty()) look_at_memory(pid, false);
  }
}

// Before anybody saves it: a process that writes the memory of a member has it attached as well.
void Look::count_attachments(state::MemberMemory& memory) {
  if ((memory.device & state::system_v_device) == 0 || !memory.outside.empty()) return;
  if (state::attachments(state::name_of_memory(memory.inode).number) > memory.ranges.size())
    memory.outside = state::unknown_process;
}

// -1, 0 or 1: a total order of open file descriptions.
int order(const Place& a, const Place& b) {
  const long result = syscall(SYS_kcmp, a.at.pid, b.at.pid, KCMP_FILE, a.at.number, b.at.number);
  if (result >= 0 && result <= 2) return result == 0 ? 0 : result == 1 ? -1 : 1;
  throw TemporaryError(with_errno("whether processes " + std::to_string(a.at.pid) + " and " + std::to_string(b.at.pid) +
                                      " share " + read_link(path_of(a.at)) + " cannot be found out",
                                  errno));
}

// Those that are one description stand together then, the first member's first.
void Look::find_descriptions(const Identity& identity, File& file) {
  std::vector<Place>& places = file.places;
  const bool one_member = std::all_of(places.begin(), places.end(),
                                      [&](const Place& place) { return place.order == places.front().order; });
  if (!one_member) {
    std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
      const int by_description = order(a, b);
      return by_description != 0 ? by_description < 0
                                 : std::pair(a.order, a.at.number) < std::pair(b.order, b.at.number);
    });
  }
  std::vector<Place> owners;
  for (auto first = places.begin(); first != places.end();) {
    auto end = first + 1;
    while (!one_member && end != places.end() && order(*first, *end) == 0) ++end;
    owners.push_back(*first);
    if ((end - 1)->order != first->order) {
      state::CommonDescription& description = sharing_.descriptions.emplace_back();
      for (auto place = first; place != end; ++place) description.places.push_back(place->at);
    }
    first = end;
  }
  if (file.is_object()) add_object(identity, file, owners);
}

void Look::add_object(const Identity& identity, const File& file, const std::vector<Place>& owners) {
  state::MemberFile object;
  object.device = identity.first;
  object.inode = identity.second;
  object.nameless = file.is_nameless();
  // What stands at 0, 1 and 2 is another after a restart, and saved by nobody.
  const auto rank = [standard = is_standard(identity)](const Place& place) {
    return std::tuple(standard && place.at.number <= STDERR_FILENO, !place.master, !place.reads, place.order);
  };
  const auto best =
      std::min_element(owners.begin(), owners.end(), [&](const Place& a, const Place& b) { return rank(a) < rank(b); });
  object.owner = best->at.pid;
  for (const Place& place : file.places) {
    const bool terminal = S_ISCHR(file.mode);
    object.reads = object.reads || (terminal ? !place.master && (place.reads || place.writes) : place.reads);
    object.writes = object.writes || (terminal ? place.master : place.writes);
  }
  if (const auto outside = outside_.find(identity); outside != outside_.end()) object.outside = outside->second;
  sharing_.files.push_back(std::move(object));
}

}  // namespace

state::StandardFiles standard_from_outside(const std::vector<pid_t>& members, const state::StandardFiles& standard) {
  struct Use {
    bool reads = false, writes = false, is_socket = false;
  };
  std::array<Use, std::tuple_size_v<state::StandardFiles>> uses;
  for (const pid_t pid : members) {
    for (const std::string& name : directory_entries(directory_of(pid))) {
      const std::string path = directory_of(pid) + "/" + name;
      struct stat status {
      }, link{};
      if (stat(path.c_str(), &status) != 0 || lstat(path.c_str(), &link) != 0) continue;
      for (std::size_t i = 0; i < standard.size(); ++i) {
        if (status.st_dev != standard[i].device || status.st_ino != standard[i].inode) continue;
        const bool is_pipe = S_ISFIFO(status.st_mode);
        uses[i].is_socket = uses[i].is_socket || S_ISSOCK(status.st_mode);
        uses[i].reads = uses[i].reads || (is_pipe && (link.st_mode & S_IRUSR) != 0);
        uses[i].writes = uses[i].writes || (is_pipe && (link.st_mode & S_IWUSR) != 0);
      }
    }
  }
  state::StandardFiles result = standard;
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (uses[i].is_socket || (uses[i].reads && uses[i].writes)) result[i] = {};
  }
  return result;
}

GroupSharing find_sharing(const std::vector<pid_t>& members, const state::StandardFiles& standard) {
  return Look(members, standard).find();
}

}  // namespace cairn::group
