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

bool PageScanner::begin(const ScanTarget& target) noexcept {
  target_ = target;
  at_ = target.start;
  error_ = 0;
  used_ = filled_ = 0;
  if (target.kind == ScanKind::private_all || target.kind == ScanKind::private_own) return open_pagemap();
  return true;
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

bool PageScanner::scan_ioctl(PageRange& range) noexcept {
  while (used_ == filled_) {
    if (at_ >= target_.end) return false;
    PagemapScan scan{};
    scan.size = sizeof scan;
    scan.start = at_;
    scan.end = target_.end;
    scan.vec = reinterpret_cast<std::uintptr_t>(regions_);
    scan.vec_len = kRegions;
    scan.category_anyof_mask = kPagePresent | kPageSwapped;
    if (target_.kind == ScanKind::private_own) {
      scan.category_mask = scan.category_inverted = kPageFile;  // zeros of one's own hide the file: keep them
    } else {
      scan.category_mask = scan.category_inverted = kPagePfnZero;
    }
    scan.return_mask = kPagePresent | kPageSwapped;
    const int n = ioctl(pagemap_.get(), kPagemapScan, &scan);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      error_ = errno;
      return false;
    }
    at_ = n == 0 && scan.walk_end == 0 ? target_.end : scan.walk_end;
    used_ = 0;
    filled_ = static_cast<unsigned>(n);
  }
  range = {};
  for (; used_ < filled_; ++used_) {
    const PageRegion& r = regions_[used_];
    if (!extend(range, r.start, r.end, (r.categories & kPagePresent) == 0)) break;
  }
  return true;
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

bool PageScanner::scan_entries(PageRange& range) noexcept {
  range = {};
  for (;;) {
    if (used_ == filled_) {
      if (at_ >= target_.end) return range.start != range.end;
      const std::uint64_t count = std::min<std::uint64_t>(kEntries, (target_.end - at_) / kPage);
      const ssize_t n = pread(pagemap_.get(), entries_, count * 8, static_cast<off_t>(at_ / kPage * 8));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) {
        error_ = n < 0 ? errno : EIO;
        return false;
      }
      buffer_start_ = at_;
      used_ = 0;
      filled_ = static_cast<unsigned>(n / 8);
      at_ += std::uint64_t{filled_} * kPage;
    }
    for (; used_ < filled_; ++used_) {
      const std::uint64_t address = buffer_start_ + std::uint64_t{used_} * kPage;
      const std::uint64_t entry = entries_[used_];
      if (wanted(entry)) {
        if (!extend(range, address, address + kPage, (entry & kEntryPresent) == 0)) return true;
      } else if (range.start != range.end) {
        return true;
      }
    }
  }
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
