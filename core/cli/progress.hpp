// SPDX-License-Identifier: Apache-2.0
// One line on a terminal while a checkpoint takes long: what is being done, how much is written, how fast.
#pragma once

#include <chrono>
#include <cstdint>

#include "core/abi/control_protocol.h"

namespace cairn::tools {

class Progress {
 public:
  // Silent if `quiet` or if stderr is no terminal.
  explicit Progress(bool quiet);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void show(const cairn_control_reply& reply);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  bool active_, shown_ = false;
  Clock::time_point begin_, last_;
  std::uint64_t last_bytes_ = 0;
  double rate_ = 0;  // bytes a second, smoothed
};

}  // namespace cairn::tools
