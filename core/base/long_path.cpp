// SPDX-License-Identifier: Apache-2.0
#include "core/base/long_path.hpp"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <cerrno>

namespace cairn {
namespace {

constexpr int kStep = O_PATH | O_DIRECTORY | O_CLOEXEC;

}  // namespace

Place::Place(const std::string& path) {
  std::size_t at = 0;
  while (path.size() - at >= PATH_MAX) {
    const std::size_t end = path.rfind('/', at + PATH_MAX - 2) + 1;  // names have 255 bytes at most
    if (end <= at) break;                                            // no path then: ENAMETOOLONG
    name_ = path.substr(at, end - at);
    UniqueFd next(openat(directory(), name_.c_str(), kStep));
    if (!next) return;
    directory_ = std::move(next);
    at = path.find_first_not_of('/', end);
    if (at == std::string::npos) at = path.size();
  }
  name_ = at > 0 && at == path.size() ? "." : path.substr(at);
}

int Place::directory() const noexcept { return directory_ ? directory_.get() : AT_FDCWD; }

UniqueFd open_path(const std::string& path, int flags, mode_t mode) {
  const Place place(path);
  return UniqueFd(openat(place.directory(), place.name(), flags, mode));
}

UniqueFd reopen_path_as_owner(const std::string& path, int flags) {
  UniqueFd fd = open_path(path, flags);
  if (fd || errno != EACCES) return fd;
  const UniqueFd place = open_path(path, O_PATH | O_CLOEXEC | (flags & O_NOFOLLOW));
  struct stat status {};
  if (place && fstat(place.get(), &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid()) {
    const std::string link = "/proc/self/fd/" + std::to_string(place.get());
    const mode_t mode = status.st_mode & ALLPERMS;
    if (chmod(link.c_str(), mode | S_IRUSR | S_IWUSR) == 0) {
      fd.reset(open(link.c_str(), flags & ~O_NOFOLLOW));
      chmod(link.c_str(), mode);
      if (fd) return fd;
    }
  }
  errno = EACCES;
  return fd;
}

bool stat_path(const std::string& path, struct stat& status, int flags) {
  const Place place(path);
  return fstatat(place.directory(), place.name(), &status, flags) == 0;
}

bool may_access(const std::string& path, int how) {
  const Place place(path);
  return faccessat(place.directory(), place.name(), how, AT_EACCESS) == 0;
}

UniqueFd open_directory(const std::string& path) { return open_path(path, kStep); }

}  // namespace cairn
