// SPDX-License-Identifier: Apache-2.0
#include "core/engine/huge_pages.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "core/base/deadline.hpp"
#include "core/engine/features.hpp"
#include "core/engine/pagemap.hpp"

namespace cairn::engine {

namespace {

constexpr int kCollapse = 25;  // MADV_COLLAPSE; Debian 12's headers do not have it
constexpr std::uint64_t kHugePage = 2u << 20;
constexpr std::uint64_t kStep = 32u << 20;  // bytes between two looks at the clock
constexpr unsigned kRegions = 128;

}  // namespace

HugePages::HugePages(int fd_base) {
  if (!features().pagemap_scan) return;
  list_.reset(memfd_create("cairn-huge-pages", MFD_CLOEXEC));
  if (list_ && list_.get() < fd_base) list_.reset(fcntl(list_.get(), F_DUPFD_CLOEXEC, fd_base));
}

void HugePages::record(const AreaPlan& plan) noexcept {
  if (!list_ || !plan.releasable || plan.scan.end - plan.scan.start < kHugePage) return;
  const int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (pagemap < 0) return;
  for (std::uint64_t at = plan.scan.start; at < plan.scan.end;) {
    PageRegion regions[kRegions];
    PagemapScan scan{};
    scan.size = sizeof scan;
    scan.start = at;
    scan.end = plan.scan.end;
    scan.vec = reinterpret_cast<std::uintptr_t>(regions);
    scan.vec_len = kRegions;
    scan.category_mask = scan.return_mask = kPageHuge | kPagePresent;
    const int n = ioctl(pagemap, kPagemapScan, &scan);
    if (n < 0 || scan.walk_end <= at) break;
    for (int i = 0; i < n; ++i) {
      const PageRange range{regions[i].start, regions[i].end};
      if (write(list_.get(), &range, sizeof range) != static_cast<ssize_t>(sizeof range)) break;
    }
    at = scan.walk_end;
  }
  close(pagemap);
}

std::uint64_t HugePages::restore(double seconds) const noexcept {
  const Deadline end(seconds);
  std::uint64_t done = 0;
  PageRange range;
  for (off_t at = 0; list_ && pread(list_.get(), &range, sizeof range, at) == static_cast<ssize_t>(sizeof range);
       at += static_cast<off_t>(sizeof range)) {
    for (std::uint64_t a = range.start; a < range.end; a += kStep) {
      if (end.passed()) return done;
      const std::uint64_t bytes = std::min(kStep, range.end - a);
      // The program may have unmapped it by now, or memory may be short: then it stays as it is.
      if (madvise(reinterpret_cast<void*>(a), bytes, kCollapse) == 0) done += bytes;
    }
  }
  return done;
}

}  // namespace cairn::engine
