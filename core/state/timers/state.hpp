// SPDX-License-Identifier: Apache-2.0
// POSIX timers, as captured and revived. Plain values.
#pragma once

#include <cstdint>
#include <vector>

namespace cairn::state {

// A timer_create() timer. Times in nanoseconds; value 0: not running.
struct PosixTimer {
  std::int32_t id = 0, clock = 0;
  std::int32_t notify = 0, signal = 0;  // SIGEV_*; without SIGEV_THREAD_ID's
  std::int32_t tid = 0;                 // SIGEV_THREAD_ID: as of the image
  std::uint64_t argument = 0;           // sigev_value
  std::int64_t interval = 0, value = 0;
  template <class Archive>
  void fields(Archive& a) {
    a(id, clock, notify, signal, tid, argument, interval, value);
  }
};

struct TimersState {
  static constexpr const char* section_name = "timers";
  std::vector<PosixTimer> timers;
  template <class Archive>
  void fields(Archive& a) {
    a(timers);
  }
};

}  // namespace cairn::state
