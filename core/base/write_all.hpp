// SPDX-License-Identifier: Apache-2.0
// Ordinary code.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/base/error.hpp"

namespace cairn {

// All bytes, however often that takes. `name` is the file's, for messages. Throws EnvironmentError.
inline void write_all(int fd, const void* bytes, std::size_t length, const std::string& name) {
  const auto* from = static_cast<const char*>(bytes);
  while (length > 0) {
    const ssize_t n = ::write(fd, from, length);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw EnvironmentError(with_errno("cannot write " + name, n < 0 ? errno : ENOSPC));
    from += n;
    length -= static_cast<std::size_t>(n);
  }
}

// The same at a place of the file.
inline void pwrite_all(int fd, const void* bytes, std::size_t length, std::uint64_t offset, const std::string& name) {
  const auto* from = static_cast<const char*>(bytes);
  while (length > 0) {
    const ssize_t n = ::pwrite(fd, from, length, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw EnvironmentError(with_errno("cannot write " + name, n < 0 ? errno : ENOSPC));
    from += n;
    offset += static_cast<std::uint64_t>(n);
    length -= static_cast<std::size_t>(n);
  }
}

}  // namespace cairn
