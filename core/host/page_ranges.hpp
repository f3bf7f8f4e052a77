// SPDX-License-Identifier: Apache-2.0
// A set of free page ranges, kept sorted and merged, in fixed storage: it serves mmap, so it cannot allocate.
// Not thread-safe; the caller locks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace cairn::host {

class PageRanges {
 public:
  // Gives [start, start + length) to the set. A range that would overflow the storage is forgotten (address
  // space is lost, nothing else).
  void give(std::uintptr_t start, std::size_t length) noexcept {
    std::size_t i = first_after(start);
    const bool joins_before = i > 0 && ranges_[i - 1].end == start;
    const bool joins_after = i < count_ && ranges_[i].start == start + length;
    if (joins_before && joins_after) {
      ranges_[i - 1].end = ranges_[i].end;
      erase(i);
    } else if (joins_before) {
      ranges_[i - 1].end += length;
    } else if (joins_after) {
      ranges_[i].start = start;
    } else if (count_ < kCapacity) {
      std::memmove(&ranges_[i + 1], &ranges_[i], (count_ - i) * sizeof(Range));
      ranges_[i] = {start, start + length};
      ++count_;
    }
  }

  // Takes `length` bytes out of the smallest range that has them; 0 if none has.
  std::uintptr_t take(std::size_t length) noexcept {
    std::size_t best = count_;
    for (std::size_t i = 0; i < count_; ++i) {
      if (ranges_[i].size() >= length && (best == count_ || ranges_[i].size() < ranges_[best].size())) best = i;
    }
    if (best == count_) return 0;
    const std::uintptr_t start = ranges_[best].end - length;
    ranges_[best].end = start;
    if (ranges_[best].size() == 0) erase(best);
    return start;
  }

  bool has_some(std::uintptr_t start, std::uintptr_t end) const noexcept {
    const std::size_t i = first_after(start);
    return (i > 0 && ranges_[i - 1].end > start) || (i < count_ && ranges_[i].start < end);
  }

  // Takes what the set has of [start, end). What does not fit into the storage is forgotten, as in give().
  void take_all(std::uintptr_t start, std::uintptr_t end) noexcept {
    for (std::size_t i = count_; i-- > 0;) {
      const Range range = ranges_[i];
      if (range.end <= start || range.start >= end) continue;
      erase(i);
      if (range.start < start) give(range.start, start - range.start);
      if (range.end > end) give(end, range.end - end);
    }
  }

 private:
  struct Range {
    std::uintptr_t start, end;
    std::size_t size() const noexcept { return end - start; }
  };
  static constexpr std::size_t kCapacity = 8192;

  std::size_t first_after(std::uintptr_t address) const noexcept {
    std::size_t low = 0, high = count_;
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      if (ranges_[middle].start < address) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
  void erase(std::size_t i) noexcept {
    std::memmove(&ranges_[i], &ranges_[i + 1], (count_ - i - 1) * sizeof(Range));
    --count_;
  }

  Range ranges_[kCapacity + 1];
  std::size_t count_ = 0;
};

}  // namespace cairn::host
