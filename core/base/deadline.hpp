// SPDX-License-Identifier: Apache-2.0
// A moment by which something must have happened. Any thread.
#pragma once

#include <time.h>

#include <chrono>
#include <cstdint>

#include "core/base/raw_syscall.hpp"

namespace cairn {

class Deadline {
 public:
  using Clock = std::chrono::steady_clock;
  explicit Deadline(double seconds)
      : end_(Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds))) {}
  bool passed() const noexcept { return Clock::now() >= end_; }
  double left() const noexcept { return std::chrono::duration<double>(end_ - Clock::now()).count(); }

 private:
  Clock::time_point end_;
};

// For code without libc.
inline std::int64_t monotonic_nanoseconds() noexcept {
  timespec now{};
  raw_syscall(SYS_clock_gettime, CLOCK_MONOTONIC, address(&now));
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

}  // namespace cairn
