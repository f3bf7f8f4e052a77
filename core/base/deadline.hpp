// SPDX-License-Identifier: Apache-2.0
// A moment by which something must have happened, and how long something has taken. Any thread.
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
  static Deadline never() { return Deadline(Clock::time_point::max()); }

  bool passed() const noexcept { return Clock::now() >= end_; }
  double left() const noexcept { return std::chrono::duration<double>(end_ - Clock::now()).count(); }
  Clock::time_point when() const noexcept { return end_; }
  // For poll(): rounded up, -1 for never.
  int milliseconds() const noexcept {
    if (end_ == Clock::time_point::max()) return -1;
    const double left_now = left();
    if (left_now <= 0) return 0;
    return left_now < 1e6 ? static_cast<int>(left_now * 1000) + 1 : 1000000000;
  }

 private:
  explicit Deadline(Clock::time_point end) : end_(end) {}
  Clock::time_point end_;
};

class Stopwatch {
 public:
  double seconds() const noexcept { return std::chrono::duration<double>(Deadline::Clock::now() - begin_).count(); }

 private:
  Deadline::Clock::time_point begin_ = Deadline::Clock::now();
};

// For code without libc.
inline std::int64_t monotonic_nanoseconds() noexcept {
  timespec now{};
  raw_syscall(SYS_clock_gettime, CLOCK_MONOTONIC, address(&now));
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

}  // namespace cairn
