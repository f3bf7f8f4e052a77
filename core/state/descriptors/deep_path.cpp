// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/deep_path.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <string_view>

#include "core/abi/layout.h"
#include "core/base/line_reader.hpp"
#include "core/base/own_descriptors.hpp"
#include "core/base/proc.hpp"
#include "core/state/memory/shown_path.hpp"

namespace cairn::state {
namespace {

std::string link_of(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

// What the name of `child` in its directory is; empty if it has none there.
std::string name_in(int directory, int child) {
  struct stat wanted {};
  if (fstat(child, &wanted) != 0) return {};
  for (const std::string& name : directory_entries(link_of(directory))) {
    struct stat found {};
    if (fstatat(directory, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 && found.st_ino == wanted.st_ino &&
        found.st_dev == wanted.st_dev)
      return name;
  }
  return {};
}

// Up, from name to name, to where the kernel tells the path.
std::string path_of_directory(int fd) {
  constexpr int kLook = O_PATH | O_DIRECTORY | O_CLOEXEC;
  std::string below;
  UniqueFd at(openat(fd, ".", kLook));
  while (at) {
    if (const std::string path = read_link(link_of(at.get())); !path.empty()) return path + below;
    UniqueFd up(openat(at.get(), "..", kLook));
    const std::string name = up ? name_in(up.get(), at.get()) : "";
    if (name.empty()) break;
    below = "/" + name + below;
    at = std::move(up);
  }
  return {};
}

// The part of the line of /proc/self/maps that names the file.
std::string shown_name(std::uintptr_t start) {
  LineReader lines("/proc/self/maps");
  for (std::string_view line; lines.next(line);) {
    std::uintptr_t begin = 0;
    std::from_chars(line.data(), line.data() + line.size(), begin, 16);
    if (begin != start) continue;
    const std::size_t name = line.find('/');
    return name == std::string_view::npos ? std::string() : std::string(line.substr(name));
  }
  return {};
}

// Of a mapping the kernel tells a path of any length.
std::string path_of_regular(const OpenFile& file) {
  const bool readable = (file.flags & O_PATH) == 0 && (file.flags & O_ACCMODE) != O_WRONLY;
  const UniqueFd again(readable ? -1 : open(link_of(file.fd).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  void* memory = mmap(nullptr, CAIRN_PAGE_SIZE, PROT_READ, MAP_PRIVATE, readable ? file.fd : again.get(), 0);
  if (memory == MAP_FAILED) return {};
  const std::string shown = shown_name(reinterpret_cast<std::uintptr_t>(memory));
  munmap(memory, CAIRN_PAGE_SIZE);
  if (shown.empty()) return {};
  return path_of_mapping(shown, file.status.st_dev, file.status.st_ino).path;
}

}  // namespace

std::string find_deep_path(const OpenFile& file) {
  if (S_ISDIR(file.status.st_mode)) return path_of_directory(file.fd);
  if (!S_ISREG(file.status.st_mode)) return {};
  return file.info.find(" POSIX ") == std::string::npos ? path_of_regular(file)
                                                        : with_own_descriptors([&] { return path_of_regular(file); });
}

}  // namespace cairn::state
