// SPDX-License-Identifier: Apache-2.0
// Where a file has content, by what its file system says (SEEK_DATA): a file with large holes is not read, nor stored,
// in its whole length. One that knows nothing of holes has none. The descriptor's own offset, which another process may
// share, is where it was when this object has gone. Ordinary code.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "core/context/format.h"

namespace cairn::context {

struct DataRange {
  std::uint64_t start, end;  // of whole pages, but for the end of the file
};

class DataRanges {
 public:
  // Of the first `size` bytes.
  DataRanges(int fd, std::uint64_t size) : fd_(fd), size_(size), offset_(lseek(fd, 0, SEEK_CUR)) {}
  ~DataRanges() {
    if (offset_ >= 0) lseek(fd_, offset_, SEEK_SET);
  }
  DataRanges(const DataRanges&) = delete;
  DataRanges& operator=(const DataRanges&) = delete;

  // The first that ends beyond `at`, which is a multiple of the page size; holes of less than kHole count as data.
  // Empty, at the end of the file, if there is none.
  DataRange next(std::uint64_t at) const {
    DataRange range = one_from(at);
    while (range.end < size_) {
      const DataRange more = one_from(range.end);
      if (more.start - range.end >= kHole) break;
      range.end = more.end;
    }
    if (range.start - at < kHole) range.start = at;
    return range;
  }

  // Bytes that are in none of the ranges.
  std::uint64_t in_holes() const {
    std::uint64_t bytes = 0;
    for (std::uint64_t at = 0; at < size_;) {
      const DataRange range = next(at);
      bytes += range.start - at;
      at = range.end;
    }
    return bytes;
  }

 private:
  static constexpr std::uint64_t kHole = 1u << 20, kPage = CAIRN_CTX_PAGE;

  DataRange one_from(std::uint64_t at) const {
    const off_t data = lseek(fd_, static_cast<off_t>(at), SEEK_DATA);
    if (data < 0) return errno == ENXIO ? DataRange{size_, size_} : DataRange{at, size_};
    const off_t hole = lseek(fd_, data, SEEK_HOLE);
    const std::uint64_t end = hole < 0 ? size_ : (static_cast<std::uint64_t>(hole) + kPage - 1) / kPage * kPage;
    return {std::min(static_cast<std::uint64_t>(data) / kPage * kPage, size_), std::min(end, size_)};
  }

  int fd_;
  std::uint64_t size_;
  off_t offset_;
};

}  // namespace cairn::context
