// SPDX-License-Identifier: Apache-2.0
// The engine that needs no privilege and no kernel module: page tables through /proc/self/pagemap, memory read where
// it lies, deferred writing in a forked child. Not thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/base/deadline.hpp"
#include "core/context/lane.hpp"
#include "core/engine/area_plan.hpp"
#include "core/engine/child.hpp"
#include "core/engine/engine.hpp"

namespace cairn::engine {

// Whether to fork, and why: a user may ask (-v).
struct ForkDecision {
  bool fork = false;
  std::string reason;
};
ForkDecision decide_fork(const DumpRequest& request);

class UserEngine : public Engine {
 public:
  // With a device (/dev/cairn) it is the kmod engine: the module writes what it can, the rest goes the same way.
  explicit UserEngine(UniqueFd device = UniqueFd());
  ~UserEngine() override { abandon(); }
  const char* name() const noexcept override { return device_ ? "kmod" : "user"; }
  bool wants_node_request() const noexcept override { return static_cast<bool>(device_); }
  void dump(const DumpRequest& request, std::span<const Area> areas) override;
  CheckpointStatistics finish(double deadline) override;
  void abandon() noexcept override;

 private:
  void write_now(const std::vector<AreaPlan>& plans);
  bool write_later();

  UniqueFd device_;
  std::unique_ptr<KernelDumper> child_kernel_;
  DumpRequest request_;
  std::vector<AreaPlan> deferred_;  // what the child writes
  std::unique_ptr<context::Lane> child_lane_;
  std::unique_ptr<HugePages> huge_;
  WritingChild child_;
  CheckpointStatistics statistics_;
  Stopwatch since_start_;
  bool active_ = false;
};

}  // namespace cairn::engine
