// SPDX-License-Identifier: Apache-2.0
#include "core/base/long_path.hpp"

#include <fcntl.h>
#include <limits.h>

namespace cairn {

UniqueFd open_directory(const std::string& path) {
  constexpr int kFlags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  UniqueFd fd;
  for (std::size_t at = 0;;) {
    std::size_t end = path.size();
    if (end - at >= PATH_MAX) end = path.rfind('/', at + PATH_MAX - 2) + 1;  // names have 255 bytes at most
    if (end <= at) end = path.size();                                        // no path then: ENAMETOOLONG
    fd = UniqueFd(openat(fd ? fd.get() : AT_FDCWD, path.substr(at, end - at).c_str(), kFlags));
    if (!fd || end == path.size()) return fd;
    at = end;
  }
}

}  // namespace cairn
