// SPDX-License-Identifier: Apache-2.0
#include "core/base/modes.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "core/base/unique_fd.hpp"

namespace cairn {
namespace {

constexpr mode_t kPrivate = 0700;

bool lacks(const struct stat& st, mode_t mode) { return st.st_uid == ::geteuid() && (st.st_mode & mode) != mode; }

}  // namespace

void complete_mode(int fd, mode_t mode) noexcept {
  const int error = errno;
  struct stat st {};
  if (::fstat(fd, &st) == 0 && lacks(st, mode)) static_cast<void>(!::fchmod(fd, (st.st_mode & ALLPERMS) | mode));
  errno = error;
}

void complete_mode(int directory, const char* name, mode_t mode) noexcept {
  const int error = errno;
  struct stat st {};
  if (::fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && lacks(st, mode)) {
    // Opened without rights, since it may give none; changed by its descriptor, since its name may lead elsewhere by
    // now.
    const UniqueFd place(::openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
    char path[40];
    std::snprintf(path, sizeof path, "/proc/self/fd/%d", place.get());
    if (place && ::fstat(place.get(), &st) == 0 && !S_ISLNK(st.st_mode) && lacks(st, mode))
      static_cast<void>(!::chmod(path, (st.st_mode & ALLPERMS) | mode));
  }
  errno = error;
}

int make_directory_at(int directory, const char* name, mode_t mode) noexcept {
  const int result = ::mkdirat(directory, name, mode);
  if (result == 0) complete_mode(directory, name, mode);
  return result;
}

char* make_temporary_directory(char* name) noexcept {
  char* const made = ::mkdtemp(name);
  if (made != nullptr) complete_mode(AT_FDCWD, made, kPrivate);
  return made;
}

}  // namespace cairn
