// SPDX-License-Identifier: Apache-2.0
// What a terminal shows while a checkpoint of one process takes long: what is being done, how much is written, how
// fast.
#pragma once

#include <chrono>
#include <cstdint>

#include "core/abi/control_protocol.hpp"
#include "core/cli/progress_line.hpp"

namespace cairn::cli {

class CheckpointProgress {
 public:
  explicit CheckpointProgress(bool quiet) : line_(quiet) {}
  void show(const cairn_control_reply& reply);
  void clear() { line_.clear(); }

 private:
  using Clock = std::chrono::steady_clock;
  ProgressLine line_;
  Clock::time_point begin_ = Clock::now(), last_ = begin_;
  std::uint64_t last_bytes_ = 0;
  double rate_ = 0;  // bytes a second, smoothed
};

}  // namespace cairn::cli
