// SPDX-License-Identifier: Apache-2.0
// Has the kernel module write areas of this process's private memory (kmod/cairn_uapi.h, CAIRN_KM_DUMP) and enters the
// chunks it wrote into the context file's tables. Usable in a forked child: after construction no allocation, no
// exceptions. One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "core/context/lane.hpp"
#include "core/engine/area_plan.hpp"
#include "kmod/cairn_uapi.h"

namespace cairn::engine {

class KernelDumper {
 public:
  // `device`: /dev/cairn, not owned.
  explicit KernelDumper(int device);

  // Whether the module writes this area to this lane's file: private memory, a file that is no pipe, no compression.
  // Small areas are left to the lane, which gathers them: the module would write each by itself.
  bool takes(const AreaPlan& plan, const context::Lane& lane) const noexcept;
  // False with error() after a failure.
  bool dump(const AreaPlan& plan, context::Lane& lane) noexcept;
  const context::LaneError& error() const noexcept { return error_; }
  std::uint64_t pages_seen() const noexcept { return pages_seen_; }
  int device() const noexcept { return device_; }

 private:
  static constexpr unsigned kChunks = 8;  // at most 32 MiB by one call: others want to write to the file, too

  bool dump_some(const AreaPlan& plan, context::Lane& lane, cairn_km_dump& call) noexcept;
  bool enter_chunks(const AreaPlan& plan, context::Lane& lane, const cairn_km_dump& call) noexcept;

  int device_;
  bool gathers_small_;
  std::vector<cairn_km_run> runs_;
  std::vector<cairn_km_chunk> chunks_;
  context::LaneError error_;
  std::uint64_t pages_seen_ = 0;
};

}  // namespace cairn::engine
