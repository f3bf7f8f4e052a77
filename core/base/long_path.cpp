// SPDX-License-Identifier: Apache-2.0
#include "core/base/long_path.hpp"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

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
