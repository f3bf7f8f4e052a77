// SPDX-License-Identifier: Apache-2.0
// Where the guest's clocks stood, as captured and revived. Plain values.
#pragma once

#include <cstdint>
#include <vector>

#include "core/abi/host_table.h"

namespace cairn::state {

struct Usage {
  cairn_usage value{};
  template <class Archive>
  void fields(Archive& a) {
    a(value.user_us, value.system_us);
    for (auto& count : value.counts) a(count);
  }
};

struct ThreadClock {
  std::int32_t tid = 0;
  std::int64_t processor = 0, user_us = 0, system_us = 0;
  template <class Archive>
  void fields(Archive& a) {
    a(tid, processor, user_us, system_us);
  }
};

// As the guest read them; nanoseconds, where nothing else is said.
struct ClocksState {
  static constexpr const char* section_name = "clocks";
  bool known = false;  // false: the file is from before this section
  std::int64_t monotonic = 0, boottime = 0;
  std::int64_t ticks = 0;                                                 // what times() returned
  std::int64_t monotonic_ahead = 0, boottime_ahead = 0, ticks_ahead = 0;  // of those of the boot it was on
  std::int64_t processor = 0;
  Usage own, children;
  std::vector<ThreadClock> threads;
  std::int64_t raw = 0, raw_ahead = 0;  // CLOCK_MONOTONIC_RAW; since version 2
  template <class Archive>
  void fields(Archive& a) {
    a(known, monotonic, boottime, ticks, monotonic_ahead, boottime_ahead, ticks_ahead, processor, own, children,
      threads, raw, raw_ahead);
  }
};

}  // namespace cairn::state
