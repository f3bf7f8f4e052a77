// SPDX-License-Identifier: Apache-2.0
// Reads a text file line by line, for files of the kernel that may be very long: it never holds more than a block of
// it. Ordinary code; one thread.
#pragma once

#include <string>
#include <string_view>

#include "core/base/unique_fd.hpp"

namespace cairn {

class LineReader {
 public:
  // Throws EnvironmentError.
  explicit LineReader(const std::string& path);
  // The next line without its end, valid until the next call; false behind the last one. Throws EnvironmentError.
  bool next(std::string_view& line);

 private:
  bool fill();

  std::string path_;
  UniqueFd fd_;
  std::string buffer_;
  std::size_t at_ = 0, end_ = 0;  // of `buffer_`: what has not been handed out
};

}  // namespace cairn
