// SPDX-License-Identifier: Apache-2.0
// The kernel's times as one number: nanoseconds. No allocation, no state.
#pragma once

#include <time.h>

#include <cstdint>

namespace cairn {

inline constexpr std::int64_t nanoseconds_per_second = 1000000000;

inline std::int64_t nanoseconds(const timespec& t) noexcept { return t.tv_sec * nanoseconds_per_second + t.tv_nsec; }

// Not for times before the clock's zero.
inline timespec to_timespec(std::int64_t t) noexcept {
  return {t / nanoseconds_per_second, t % nanoseconds_per_second};
}

inline std::int64_t clock_now(clockid_t clock) noexcept {
  timespec now{};
  clock_gettime(clock, &now);
  return nanoseconds(now);
}

}  // namespace cairn
