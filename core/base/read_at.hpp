// SPDX-License-Identifier: Apache-2.0
// Ordinary code.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace cairn {

// Reads `length` bytes at a place of a file, however many calls that takes (one reads 2 GiB at most): as many as there
// are before the end of the file or an error. Then errno is 0, or the error.
inline std::size_t read_at(int fd, void* bytes, std::size_t length, std::uint64_t offset) noexcept {
  auto* const to = static_cast<char*>(bytes);
  std::size_t have = 0;
  errno = 0;
  while (have < length) {
    const ssize_t n = ::pread(fd, to + have, length - have, static_cast<off_t>(offset + have));
    if (n < 0 && errno == EINTR) {
      errno = 0;
      continue;
    }
    if (n <= 0) break;
    have += static_cast<std::size_t>(n);
  }
  return have;
}

}  // namespace cairn
