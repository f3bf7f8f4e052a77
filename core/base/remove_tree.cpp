// SPDX-License-Identifier: Apache-2.0
#include "core/base/remove_tree.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <exception>

#include "core/base/proc.hpp"
#include "core/base/unique_fd.hpp"

namespace cairn {
namespace {

constexpr unsigned kDepth = 64;  // a descriptor each

bool unlinked(int parent, const std::string& name, int flags) {
  return ::unlinkat(parent, name.c_str(), flags) == 0 || errno == ENOENT;
}

// `device`: of the file system to stay on.
bool remove_below(int parent, const std::string& name, dev_t device, unsigned depth) {
  struct stat st {};
  if (::fstatat(parent, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) return errno == ENOENT;
  if (st.st_uid != ::geteuid()) return false;
  if (!S_ISDIR(st.st_mode)) return unlinked(parent, name, 0);
  const UniqueFd directory(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  // It may be another one by now.
  if (!directory || ::fstat(directory.get(), &st) != 0 || st.st_uid != ::geteuid() || st.st_dev != device ||
      depth == kDepth)
    return false;
  bool all = true;
  for (const std::string& entry : directory_entries("/proc/self/fd/" + std::to_string(directory.get())))
    all = remove_below(directory.get(), entry, device, depth + 1) && all;
  return all && unlinked(parent, name, AT_REMOVEDIR);
}

}  // namespace

bool remove_tree(int parent, const std::string& name) noexcept {
  struct stat st {};
  if (::fstat(parent, &st) != 0) return false;
  try {
    return remove_below(parent, name, st.st_dev, 0);
  } catch (const std::exception&) {  // no memory
    return false;
  }
}

}  // namespace cairn
