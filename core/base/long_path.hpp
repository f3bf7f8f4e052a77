// SPDX-License-Identifier: Apache-2.0
// Paths of any length: the kernel takes 4095 bytes at once. Ordinary code, any thread.
#pragma once

#include <sys/stat.h>

#include <string>

#include "core/base/unique_fd.hpp"

namespace cairn {

// A path for calls that take a directory and a name in it, walked to where it is too long for one call. If the way
// cannot be gone, the call fails as going it has.
class Place {
 public:
  explicit Place(const std::string& path);
  int directory() const noexcept;  // AT_FDCWD for a path that is short enough
  const char* name() const noexcept { return name_.c_str(); }

 private:
  UniqueFd directory_;
  std::string name_;
};

// As open(), stat() and faccessat() with AT_EACCESS; `flags` of stat_path() are those of fstatat().
UniqueFd open_path(const std::string& path, int flags, mode_t mode = 0);
// The same, without O_CREAT, for who has had the file open: where the mode of a regular file forbids to its owner, who
// may have made it so, what is asked for, it is permitted for this moment.
UniqueFd reopen_path_as_owner(const std::string& path, int flags);
bool stat_path(const std::string& path, struct stat& status, int flags = 0);
bool may_access(const std::string& path, int how);

// Opens a directory (O_PATH). Nothing, with errno, if that is not possible.
UniqueFd open_directory(const std::string& path);

}  // namespace cairn
