// SPDX-License-Identifier: Apache-2.0
// Which pages of an area have to be looked at: those that the page table (or the file behind a shared mapping)
// knows of. What was never touched is never visited.
//
// Usable in a forked child: no allocation, no exceptions. One thread.
#pragma once

#include <cstdint>

#include "core/base/unique_fd.hpp"
#include "core/engine/pagemap.hpp"

namespace cairn::engine {

// Page-aligned [start, end).
struct PageRange {
  std::uint64_t start = 0, end = 0;
  // Not known to be in memory: swapped out, or one of the page table's markers that look the same (guard pages,
  // poisoned memory), where a plain load might be fatal.
  bool absent = false;
};

enum class ScanKind {
  nothing,      // no page of the area is to be saved
  private_all,  // present or swapped pages
  private_own,  // the same, but only those that are no longer the mapped file's
  shared_data,  // what the file behind the mapping has data for (SEEK_DATA)
  shared_core,  // what is in the page cache (mincore); right only for memory files, and without swap
  everything
};

struct ScanTarget {
  ScanKind kind = ScanKind::nothing;
  std::uint64_t start = 0, end = 0;
  int file = -1;                  // shared_data
  std::uint64_t file_offset = 0;  // of start
  // Of private kinds: the targets up to here will be asked for next, and lie close together. 0: unknown.
  std::uint64_t ahead = 0;
};

class PageScanner {
 public:
  // `use_ioctl`: PAGEMAP_SCAN is there. Descriptors are opened in the process that calls next().
  PageScanner(bool use_ioctl, int fd_base) : use_ioctl_(use_ioctl), fd_base_(fd_base) {}
  // Starts over with another area. False with error() if the page table cannot be read. What was seen ahead of the last
  // area is used for this one if it lies behind that: the memory must have stayed as it is meanwhile.
  bool begin(const ScanTarget& target) noexcept;
  // The next range, ascending; false at the end or after an error.
  bool next(PageRange& range) noexcept;
  int error() const noexcept { return error_; }            // errno, 0 if none
  std::uint64_t looks() const noexcept { return looks_; }  // how often the page table was read

 private:
  static constexpr unsigned kRegions = 512;
  static constexpr unsigned kEntries = 8192;
  static constexpr std::uint64_t kAhead = 16u << 20;  // bytes

  bool open_pagemap() noexcept;
  void forget() noexcept;
  std::uint64_t scan_end(std::uint64_t from) const noexcept;
  bool read_regions() noexcept;
  bool read_entries() noexcept;
  bool scan_ioctl(PageRange& range) noexcept;
  bool scan_entries(PageRange& range) noexcept;
  bool scan_file(PageRange& range) noexcept;
  bool scan_core(PageRange& range) noexcept;
  bool wanted(std::uint64_t entry) const noexcept;
  bool wanted(const PageRegion& region) const noexcept;
  static bool extend(PageRange& range, std::uint64_t start, std::uint64_t end, bool absent) noexcept;

  bool use_ioctl_;
  int fd_base_;
  ScanTarget target_;
  std::uint64_t at_ = 0;  // scanned up to here
  int error_ = 0;
  std::uint64_t looks_ = 0;
  UniqueFd pagemap_;
  int owner_ = 0;  // pid that opened pagemap_
  unsigned used_ = 0, filled_ = 0;
  std::uint64_t buffer_start_ = 0, regions_end_ = 0;  // regions_end_: `regions_` tells of nothing beyond
  union {
    PageRegion regions_[kRegions];
    std::uint64_t entries_[kEntries];
    unsigned char core_[kEntries];
  };
};

}  // namespace cairn::engine
