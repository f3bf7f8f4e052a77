// SPDX-License-Identifier: Apache-2.0
#include "core/engine/area_dump.hpp"

#include <sys/mman.h>

#include <algorithm>

#include "core/context/zero.hpp"

namespace cairn::engine {

namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kHugePage = 2u << 20;

}  // namespace

bool AreaDumper::fail(int number, const char* doing, std::uint64_t where) noexcept {
  if (error_.number == 0) error_ = {number, doing, where};
  return false;
}

bool AreaDumper::lane_result(bool good) noexcept {
  if (!good && error_.number == 0) error_ = lane_->error();
  return good;
}

bool AreaDumper::dump_by_kernel(const AreaPlan& plan) noexcept {
  const std::uint64_t before = kernel_->pages_seen();
  const bool good = kernel_->dump(plan, *lane_);
  pages_seen_ += kernel_->pages_seen() - before;
  if (!good) return fail(kernel_->error().number, kernel_->error().doing, kernel_->error().where);
  released_ = plan.scan.start;
  if (release_ && plan.releasable) release_until(plan.scan.end);
  return true;
}

bool AreaDumper::dump(const AreaPlan& plan) noexcept {
  if (kernel_ != nullptr && kernel_->takes(plan, *lane_)) return dump_by_kernel(plan);
  // A plan may be a slice of an area whose other slices go through other lanes: chunks end where slices do.
  lane_->end_chunk();
  if (!scanner_->begin(plan.scan)) return fail(scanner_->error(), "reading the page table", plan.scan.start);
  mark_count_ = 0;
  released_ = plan.scan.start;
  PageRange range;
  while (scanner_->next(range)) {
    pages_seen_ += (range.end - range.start) / kPage;
    if (!plan.readable || range.absent) {
      const std::uint64_t pages = (range.end - range.start) / kPage;
      if (!lane_result(lane_->append_unreadable(plan.index, range.start, pages, plan.over_object))) return false;
    } else if (!dump_readable(plan, range)) {
      return false;
    }
    progress(plan, range.end);
  }
  if (scanner_->error() != 0) return fail(scanner_->error(), "reading the page table", plan.scan.start);
  return true;
}

bool AreaDumper::dump_readable(const AreaPlan& plan, PageRange range) noexcept {
  std::uint64_t at = range.start;
  while (at < range.end) {
    const bool zero = context::is_zero(reinterpret_cast<const void*>(at), kPage);
    std::uint64_t end = at + kPage;
    // Not more at once than a chunk, so that what was just looked at is still in the cache when it is summed up.
    const std::uint64_t limit = std::min(range.end, at + CAIRN_CTX_CHUNK_MAX);
    while (end < limit && context::is_zero(reinterpret_cast<const void*>(end), kPage) == zero) end += kPage;
    const std::uint64_t pages = (end - at) / kPage;
    if (!zero) {
      if (!lane_result(lane_->append(plan.index, at, pages))) return false;
    } else if (plan.over_object) {
      if (!lane_result(lane_->append_zero(plan.index, at, pages))) return false;
    }
    at = end;
    progress(plan, at);
  }
  return true;
}

// Remembers how far each write reaches; what lies before the oldest one that may still be in flight is on the disk.
void AreaDumper::progress(const AreaPlan& plan, std::uint64_t address) noexcept {
  if (!release_ || !plan.releasable) return;
  const std::uint64_t writes = lane_->statistics().writes;
  if (mark_count_ > 0 && marks_[mark_count_ - 1].writes == writes) {
    marks_[mark_count_ - 1].address = address;
    return;
  }
  if (mark_count_ == kInFlight + 1) {
    // All of marks_[0] was appended before write number marks_[1].writes was begun.
    if (marks_[0].writes + kInFlight < writes) release_until(marks_[0].address);
    std::copy(marks_ + 1, marks_ + mark_count_, marks_);
    --mark_count_;
  }
  marks_[mark_count_++] = {writes, address};
}

void AreaDumper::release_until(std::uint64_t address) noexcept {
  const std::uint64_t end = address / kHugePage * kHugePage;  // huge pages are not worth splitting
  if (end <= released_) return;
  madvise(reinterpret_cast<void*>(released_), end - released_, MADV_DONTNEED);
  released_ = end;
}

bool AreaDumper::flush() noexcept { return lane_result(lane_->flush()) && error_.number == 0; }

}  // namespace cairn::engine
