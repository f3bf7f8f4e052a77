// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/inode_path.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <vector>

#include "core/base/proc.hpp"
#include "core/base/unique_fd.hpp"

namespace cairn::state {
namespace {

constexpr std::size_t kMostEntries = 10000;

bool is_it(const std::string& path, const InodeHandle& handle) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0 && status.st_ino == handle.inode && status.st_dev == handle.device;
}

// Of file systems that have the device: "36 35 98:0 /mnt1 /mnt2 rw,noatime ...", spaces as \040.
std::vector<std::string> mount_points(dev_t device) {
  std::vector<std::string> points;
  const std::string wanted = std::to_string(major(device)) + ":" + std::to_string(minor(device));
  const std::string all = read_file("/proc/self/mountinfo").value_or("");
  for (const std::string_view line : split_lines(all)) {
    constexpr std::size_t kDevice = 2, kPoint = 4;
    const auto words = split_words(line);
    if (words.size() > kPoint && words[kDevice] == wanted) points.emplace_back(words[kPoint]);
  }
  return points;
}

std::string path_by_handle(const InodeHandle& handle) {
  struct {
    file_handle head;
    char room[MAX_HANDLE_SZ];
  } asked{};
  if (handle.bytes.empty() || handle.bytes.size() > sizeof asked.room) return {};
  asked.head.handle_bytes = static_cast<unsigned>(handle.bytes.size());
  asked.head.handle_type = handle.type;
  std::memcpy(asked.head.f_handle, handle.bytes.data(), handle.bytes.size());
  for (const std::string& point : mount_points(handle.device)) {
    const UniqueFd mount(open(point.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!mount) continue;
    const UniqueFd file(open_by_handle_at(mount.get(), &asked.head, O_PATH | O_CLOEXEC | O_NOFOLLOW));
    const std::string path = file ? read_link("/proc/self/fd/" + std::to_string(file.get())) : std::string();
    if (is_it(path, handle)) return path;
  }
  return {};
}

void add_with_directories(std::set<std::string>& paths, std::string path) {
  while (path.starts_with("/") && paths.insert(path).second && path.size() > 1)
    path.resize(std::max<std::size_t>(path.rfind('/'), 1));
}

}  // namespace

std::string find_inode_path(const InodeHandle& handle) {
  if (const std::string path = path_by_handle(handle); !path.empty()) return path;
  std::set<std::string> likely;
  const std::string here = read_link("/proc/self/cwd");
  add_with_directories(likely, here);
  for (const std::string& number : directory_entries("/proc/self/fd"))
    add_with_directories(likely, read_link("/proc/self/fd/" + number));
  const auto names = directory_entries(here);
  for (std::size_t i = 0; i < std::min(names.size(), kMostEntries); ++i) likely.insert(here + "/" + names[i]);
  const auto found = std::find_if(likely.begin(), likely.end(), [&](const auto& path) { return is_it(path, handle); });
  return found == likely.end() ? std::string() : *found;
}

std::string find_other_link(const std::string& deleted, dev_t device, std::uint64_t inode) {
  const std::size_t slash = deleted.rfind('/');
  if (slash == std::string::npos) return {};
  const std::string directory = deleted.substr(0, slash + 1);
  for (const std::string& name : entries_of_inode(directory, inode)) {
    std::string path = directory + name;
    if (is_it(path, {.device = device, .inode = inode, .type = 0, .bytes = {}})) return path;
  }
  return {};
}

}  // namespace cairn::state
