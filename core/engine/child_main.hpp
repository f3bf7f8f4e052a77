// SPDX-License-Identifier: Apache-2.0
// What a writing process does from fork to exit. Nothing here may allocate, lock or throw: other threads of the
// process may have held any lock when it was copied.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <span>

#include "core/context/lane.hpp"
#include "core/engine/area_plan.hpp"
#include "core/engine/huge_pages.hpp"
#include "core/engine/kernel_dump.hpp"
#include "core/engine/page_scan.hpp"

namespace cairn::engine {

// What one writing process tells.
struct ChildReport {
  context::LaneError error;
  std::uint64_t pages_seen = 0;
  context::LaneStatistics statistics;
  std::uint32_t done = 0;
};

// In memory shared by the parent and all writing processes; `written` has one entry for each plan.
struct ChildShared {
  static constexpr unsigned kMaxWriters = 16;
  ChildReport reports[kMaxWriters];
  std::atomic<std::uint64_t> next{0};  // plan that nobody has taken yet
  std::atomic<std::uint8_t> written[];
};

struct ChildTask {
  context::Lane* lane = nullptr;  // fresh; every process has its own copy of it
  PageScanner* scanner = nullptr;
  KernelDumper* kernel = nullptr;
  HugePages* huge = nullptr;
  std::span<const AreaPlan> plans;
  ChildShared* shared = nullptr;
  unsigned writers = 1;
  std::span<const int> keep;  // descriptors to keep open, sorted
  pid_t parent = 0;
};

// Like fork(), but the parent gets no signal when the child ends, and no fork handler runs. -1 with errno.
pid_t clone_process() noexcept;

[[noreturn]] void child_main(const ChildTask& task) noexcept;

}  // namespace cairn::engine
