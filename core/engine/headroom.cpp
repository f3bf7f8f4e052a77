// SPDX-License-Identifier: Apache-2.0
#include "core/engine/headroom.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <vector>

#include "core/base/text.hpp"

namespace cairn::engine {

namespace {

constexpr std::uint64_t kNone = ~std::uint64_t{0};
constexpr std::uint64_t kKiB = 1024;

// The number after "Name:" or "name " in a file of such lines.
std::optional<std::uint64_t> value_of(const std::string& path, const std::string& name) {
  std::ifstream in(path);
  for (std::string key; in >> key;) {
    std::uint64_t value = 0;
    if (key == name && in >> value) return value;
    std::getline(in, key);
  }
  return std::nullopt;
}

std::optional<std::uint64_t> number_in(const std::string& path) {
  std::ifstream in(path);
  std::uint64_t value = 0;
  if (in >> value) return value;  // "max" is no number: no limit
  return std::nullopt;
}

void tighten(Headroom& room, const std::string& directory, const char* limit_file, const char* usage_file,
             const char* cache_name) {
  const auto limit = number_in(directory + limit_file);
  const auto usage = number_in(directory + usage_file);
  if (!limit || !usage) return;
  // File pages nobody uses are given back before anyone is killed.
  const std::uint64_t cache = value_of(directory + "memory.stat", cache_name).value_or(0);
  const std::uint64_t used = *usage - std::min(*usage, cache);
  const std::uint64_t left = *limit - std::min(*limit, used);
  if (left < room.bytes) room = {left, directory + limit_file};
}

// Blanks, tabs, newlines and backslashes of a path are written as \\040 and so on.
std::string unescaped(const std::string& shown) { return decoded(shown, '\\', 3, 8); }

struct Hierarchy {
  std::string mount, root;  // where it is mounted, and which of its groups that shows
  bool unified = false;
};

// Mounts of cgroup2, and of cgroup with the memory controller: /proc/self/mountinfo, proc(5).
std::vector<Hierarchy> hierarchies(const std::string& root) {
  std::vector<Hierarchy> all;
  std::ifstream in(root + "/proc/self/mountinfo");
  for (std::string line; std::getline(in, line);) {
    const auto dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    std::istringstream front(line), back(line.substr(dash + 3));
    std::string skip, group, mount, type, source, options;
    front >> skip >> skip >> skip >> group >> mount;
    back >> type >> source >> options;
    const bool v1 = type == "cgroup" && ("," + options + ",").find(",memory,") != std::string::npos;
    if (type == "cgroup2" || v1) all.push_back({unescaped(mount), unescaped(group), type == "cgroup2"});
  }
  return all;
}

// This process's group in a hierarchy: /proc/self/cgroup, cgroups(7).
std::string group_of(const std::string& root, bool unified) {
  std::ifstream in(root + "/proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool match = unified ? controllers.empty() : ("," + controllers + ",").find(",memory,") != std::string::npos;
    if (match) return line.substr(second + 1);
  }
  return {};
}

}  // namespace

Headroom memory_headroom(const std::string& root) {
  Headroom room{kNone, "nothing"};
  if (const auto available = value_of(root + "/proc/meminfo", "MemAvailable:")) {
    room = {*available * kKiB, "MemAvailable"};
  }
  for (const Hierarchy& h : hierarchies(root)) {
    std::string group = group_of(root, h.unified);
    if (group.empty()) continue;
    if (h.root != "/" && group.compare(0, h.root.size(), h.root) == 0) group.erase(0, h.root.size());
    while (!group.empty() && group.back() == '/') group.pop_back();
    for (;;) {
      const std::string directory = root + h.mount + group + "/";
      if (h.unified) {
        tighten(room, directory, "memory.max", "memory.current", "inactive_file");
        tighten(room, directory, "memory.high", "memory.current", "inactive_file");
      } else {
        tighten(room, directory, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file");
      }
      const auto slash = group.rfind('/');
      if (slash == std::string::npos) break;
      group.erase(slash);
    }
  }
  return room;
}

std::uint64_t private_memory(const std::string& root) {
  return value_of(root + "/proc/self/status", "RssAnon:").value_or(0) * kKiB;
}

}  // namespace cairn::engine
