// SPDX-License-Identifier: Apache-2.0
#include "core/engine/page_scan.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace cairn::engine {

namespace {
constexpr std::uint64_t kPage = 4096;
}

bool PageScanner::open_pagemap() noexcept {
  const int self = static_cast<int>(syscall(SYS_getpid));
  if (owner_ == self) return true;
  pagemap_.reset(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
  if (pagemap_ && pagemap_.get() < fd_base_) pagemap_.reset(fcntl(pagemap_.get(), F_DUPFD_CLOEXEC, fd_base_));
  if (!pagemap_) {
    error_ = errno;
    return false;
  }
  owner_ = self;
  return true;
}

void PageScanner::forget() noexcept {
  used_ = filled_ = 0;
  buffer_start_ = regions_end_ = 0;
}

bool PageScanner::begin(const ScanTarget& target) noexcept {
  const bool by_page_table = target.kind == ScanKind::private_all || target.kind == ScanKind::private_own;
  const bool goes_on = by_page_table && target.start >= target_.end && error_ == 0 &&
                       (target_.kind == ScanKind::private_all || target_.kind == ScanKind::private_own) &&
                       owner_ == static_cast<int>(syscall(SYS_getpid));
  if (!goes_on) forget();
  target_ = target;
  at_ = target.start;
  error_ = 0;
  return goes_on || !by_page_table || open_pagemap();
}

bool PageScanner::next(PageRange& range) noexcept {
  if (error_ != 0) return false;
  switch (target_.kind) {
    case ScanKind::nothing:
      return false;
    case ScanKind::private_all:
    case ScanKind::private_own:
      return use_ioctl_ ? scan_ioctl(range) : scan_entries(range);
    case ScanKind::shared_data:
      return scan_file(range);
    case ScanKind::shared_core:
      return scan_core(range);
    case ScanKind::everything:
      break;
  }
  if (at_ >= target_.end) return false;
  range = {target_.start, target_.end};
  at_ = target_.end;
  return true;
}

// How far to look from here: small areas close together are seen at once.
std::uint64_t PageScanner::scan_end(std::uint64_t from) const noexcept {
  return std::max(target_.end, std::min(target_.ahead, from + kAhead));
}

bool PageScanner::read_regions() noexcept {
  PagemapScan scan{};
  scan.size = sizeof scan;
  scan.start = std::max(at_, regions_end_);
  scan.end = scan_end(scan.start);
  scan.vec = reinterpret_cast<std::uintptr_t>(regions_);
  scan.vec_len = kRegions;
  scan.category_anyof_mask = kPagePresent | kPageSwapped;
  scan.return_mask = kPagePresent | kPageSwapped | kPageFile | kPagePfnZero;
  int n;
  do {
    n = ioctl(pagemap_.get(), kPagemapScan, &scan);
  } while (n < 0 && errno == EINTR);
  if (n < 0) {
    error_ = errno;
    return false;
  }
  ++looks_;
  regions_end_ = n == 0 && scan.walk_end == 0 ? scan.end : scan.walk_end;
  used_ = 0;
  filled_ = static_cast<unsigned>(n);
  return true;
}

// Zeros of one's own hide a file: there they are kept.
bool PageScanner::wanted(const PageRegion& region) const noexcept {
  return (region.categories & (target_.kind == ScanKind::private_own ? kPageFile : kPagePfnZero)) == 0;
}

bool PageScanner::scan_ioctl(PageRange& range) noexcept {
  range = {};
  while (at_ < target_.end) {
    if (used_ == filled_) {
      if (regions_end_ >= target_.end) break;
      if (!read_regions()) return false;
      continue;
    }
    const PageRegion& r = regions_[used_];
    if (r.start >= target_.end) break;
    const std::uint64_t start = std::max(r.start, at_), end = std::min(r.end, target_.end);
    if (start < end && wanted(r) && !extend(range, start, end, (r.categories & kPagePresent) == 0)) return true;
    at_ = std::max(at_, end);
    if (r.end <= target_.end) ++used_;
  }
  at_ = target_.end;
  return range.start != range.end;
}

// Adds what follows without a gap and is of the same kind; false if it does not.
bool PageScanner::extend(PageRange& range, std::uint64_t start, std::uint64_t end, bool absent) noexcept {
  if (range.start == range.end) {
    range = {start, end, absent};
    return true;
  }
  if (range.end != start || range.absent != absent) return false;
  range.end = end;
  return true;
}

bool PageScanner::wanted(std::uint64_t entry) const noexcept {
  if ((entry & (kEntryPresent | kEntrySwapped)) == 0) return false;
  return target_.kind != ScanKind::private_own || (entry & kEntryFile) == 0;
}

bool PageScanner::read_entries() noexcept {
  const std::uint64_t count = std::min<std::uint64_t>(kEntries, (scan_end(at_) - at_) / kPage);
  ssize_t n;
  do {
    n = pread(pagemap_.get(), entries_, count * 8, static_cast<off_t>(at_ / kPage * 8));
  } while (n < 0 && errno == EINTR);
  if (n <= 0) {
    error_ = n < 0 ? errno : EIO;
    return false;
  }
  ++looks_;
  buffer_start_ = at_;
  filled_ = static_cast<unsigned>(n / 8);
  return true;
}

bool PageScanner::scan_entries(PageRange& range) noexcept {
  range = {};
  for (; at_ < target_.end; at_ += kPage) {
    if (at_ < buffer_start_ || (at_ - buffer_start_) / kPage >= filled_) {
      if (!read_entries()) return false;
    }
    const std::uint64_t entry = entries_[(at_ - buffer_start_) / kPage];
    if (wanted(entry)) {
      if (!extend(range, at_, at_ + kPage, (entry & kEntryPresent) == 0)) return true;
    } else if (range.start != range.end) {
      return true;
    }
  }
  return range.start != range.end;
}

bool PageScanner::scan_file(PageRange& range) noexcept {
  const auto file_at = [this](std::uint64_t address) {
    return static_cast<off_t>(target_.file_offset + (address - target_.start));
  };
  if (at_ >= target_.end) return false;
  const off_t data = lseek(target_.file, file_at(at_), SEEK_DATA);
  if (data < 0) {
    if (errno != ENXIO) error_ = errno;
    return false;
  }
  const off_t hole = lseek(target_.file, data, SEEK_HOLE);
  if (hole < 0) {
    error_ = errno;
    return false;
  }
  const auto address_of = [this](off_t offset) {
    return target_.start + (static_cast<std::uint64_t>(offset) - target_.file_offset);
  };
  range.start = std::max(at_, address_of(data) / kPage * kPage);
  range.end = std::min(target_.end, (address_of(hole) + kPage - 1) / kPage * kPage);
  at_ = range.end;
  return range.start < range.end;
}

bool PageScanner::scan_core(PageRange& range) noexcept {
  range = {};
  for (;;) {
    if (used_ == filled_) {
      if (at_ >= target_.end) return range.start != range.end;
      const std::uint64_t count = std::min<std::uint64_t>(kEntries, (target_.end - at_) / kPage);
      if (mincore(reinterpret_cast<void*>(at_), count * kPage, core_) != 0) {
        error_ = errno;
        return false;
      }
      buffer_start_ = at_;
      used_ = 0;
      filled_ = static_cast<unsigned>(count);
      at_ += count * kPage;
    }
    for (; used_ < filled_; ++used_) {
      const std::uint64_t address = buffer_start_ + std::uint64_t{used_} * kPage;
      if ((core_[used_] & 1) != 0) {
        if (range.start == range.end) range.start = address;
        range.end = address + kPage;
      } else if (range.start != range.end) {
        return true;
      }
    }
  }
}

}  // namespace cairn::engine
