// SPDX-License-Identifier: Apache-2.0
// Where a command without a slash may be. Safe in the child of a vfork.
#pragma once

#include <errno.h>
#include <stdlib.h>
#include <string.h>

namespace cairn::guest {

class PathSearch {
 public:
  explicit PathSearch(const char* file) : file_(file), length_(strlen(file)) {
    const char* path = getenv("PATH");
    rest_ = path != nullptr ? path : "/bin:/usr/bin";
    if (length_ == 0) rest_ = nullptr;
    if (length_ > 255) {
      rest_ = nullptr;
      error_ = ENAMETOOLONG;
    }
  }

  // The next candidate; false at the end of the list.
  bool next(char* candidate, std::size_t size) {
    while (rest_ != nullptr) {
      const char* const from = rest_;
      const char* const colon = strchr(from, ':');
      const std::size_t n = colon != nullptr ? static_cast<std::size_t>(colon - from) : strlen(from);
      rest_ = colon != nullptr ? colon + 1 : nullptr;
      if (n + length_ + 3 > size) continue;
      std::size_t at = 0;
      if (n == 0) candidate[at++] = '.';  // an empty entry is the working directory
      memcpy(candidate + at, from, n);
      at += n;
      candidate[at++] = '/';
      memcpy(candidate + at, file_, length_ + 1);
      return true;
    }
    return false;
  }

  // What to report when nothing was found.
  int error() const { return error_; }

 private:
  const char* file_;
  std::size_t length_;
  const char* rest_;
  int error_ = ENOENT;
};

}  // namespace cairn::guest
