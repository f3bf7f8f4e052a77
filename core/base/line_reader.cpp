// SPDX-License-Identifier: Apache-2.0
#include "core/base/line_reader.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/error.hpp"

namespace cairn {

namespace {
constexpr std::size_t kBlock = 65536;
}

LineReader::LineReader(const std::string& path)
    : path_(path), fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)), buffer_(2 * kBlock, '\0') {
  if (!fd_) throw EnvironmentError(with_errno("cannot read " + path, errno));
}

// More of the file behind what is left of the buffer; false at its end.
bool LineReader::fill() {
  std::memmove(buffer_.data(), buffer_.data() + at_, end_ - at_);
  end_ -= at_;
  at_ = 0;
  if (buffer_.size() - end_ < kBlock) buffer_.resize(buffer_.size() * 2);
  for (;;) {
    const ssize_t n = read(fd_.get(), buffer_.data() + end_, buffer_.size() - end_);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw EnvironmentError(with_errno("cannot read " + path_, errno));
    end_ += static_cast<std::size_t>(n);
    return n > 0;
  }
}

bool LineReader::next(std::string_view& line) {
  for (std::size_t seen = 0;;) {
    const std::size_t left = end_ - at_;
    const void* found = std::memchr(buffer_.data() + at_ + seen, '\n', left - seen);
    seen = left;
    if (found == nullptr && fill()) continue;
    if (found == nullptr && end_ == at_) return false;
    line = {buffer_.data() + at_,
            found == nullptr ? end_ - at_
                             : static_cast<std::size_t>(static_cast<const char*>(found) - (buffer_.data() + at_))};
    at_ += line.size() + (found == nullptr ? 0 : 1);
    return true;
  }
}

}  // namespace cairn
