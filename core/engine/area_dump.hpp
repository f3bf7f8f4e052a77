// SPDX-License-Identifier: Apache-2.0
// Writes areas as planned. Usable in a forked child of a multithreaded process: no allocation, no exceptions, no
// locks. One thread each.
#pragma once

#include <cstdint>
#include <span>

#include "core/context/lane.hpp"
#include "core/engine/area_plan.hpp"
#include "core/engine/kernel_dump.hpp"
#include "core/engine/page_scan.hpp"

namespace cairn::engine {

class AreaDumper {
 public:
  // `release`: give memory back as soon as it is on the disk (forked child).
  // `kernel`: writes what it takes; null without the kernel module.
  AreaDumper(context::Lane* lane, PageScanner* scanner, bool release, KernelDumper* kernel = nullptr)
      : lane_(lane), scanner_(scanner), kernel_(kernel), release_(release) {}

  // False after a failure: error().
  bool dump(const AreaPlan& plan) noexcept;
  bool flush() noexcept;
  const context::LaneError& error() const noexcept { return error_; }
  std::uint64_t pages_seen() const noexcept { return pages_seen_; }

 private:
  bool dump_by_kernel(const AreaPlan& plan) noexcept;
  bool dump_readable(const AreaPlan& plan, PageRange range) noexcept;
  bool fail(int number, const char* doing, std::uint64_t where) noexcept;
  bool lane_result(bool good) noexcept;
  void progress(const AreaPlan& plan, std::uint64_t address) noexcept;
  void release_until(std::uint64_t address) noexcept;

  // Writes up to four behind the slot being filled may still be on their way to the disk (Lane's slots).
  static constexpr unsigned kInFlight = 4;
  struct Mark {
    std::uint64_t writes, address;
  };

  context::Lane* lane_;
  PageScanner* scanner_;
  KernelDumper* kernel_;
  bool release_;
  context::LaneError error_;
  std::uint64_t pages_seen_ = 0;
  Mark marks_[kInFlight + 1] = {};
  unsigned mark_count_ = 0;
  std::uint64_t released_ = 0;
};

}  // namespace cairn::engine
