// SPDX-License-Identifier: Apache-2.0
// Writing to a huge page that a forked copy shares splits it, and the program runs slower on small pages for a long
// time after. So the child notes which addresses were huge, and the parent has the kernel put them together again.
//
// record() is for the forked child (no allocation, no exceptions); the rest is ordinary code.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/unique_fd.hpp"
#include "core/engine/area_plan.hpp"
#include "core/engine/page_scan.hpp"

namespace cairn::engine {

class HugePages {
 public:
  // Without PAGEMAP_SCAN, or without memory for the list, nothing will be recorded: it is only about speed.
  explicit HugePages(int fd_base);

  int descriptor() const noexcept { return list_.get(); }
  void record(const AreaPlan& plan) noexcept;
  // MADV_COLLAPSE (Linux 6.1) of all that was recorded; at most `seconds`. Returns the bytes that are huge again.
  std::uint64_t restore(double seconds) const noexcept;

 private:
  UniqueFd list_;  // PageRange after PageRange, shared with the child
};

}  // namespace cairn::engine
