// SPDX-License-Identifier: Apache-2.0
// What the kernel holds for a process as a whole, as captured and revived. Plain values.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace cairn::state {

struct Limit {
  std::uint64_t soft = 0, hard = 0;
  template <class Archive>
  void fields(Archive& a) {
    a(soft, hard);
  }
};

// Microseconds; value 0: not running.
struct IntervalTimer {
  std::int64_t interval_us = 0, value_us = 0;
  template <class Archive>
  void fields(Archive& a) {
    a(interval_us, value_us);
  }
};

// Nanoseconds, at the moment of the checkpoint.
struct Clocks {
  std::string boot_id;
  std::int64_t realtime = 0, monotonic = 0, boottime = 0;
  template <class Archive>
  void fields(Archive& a) {
    a(boot_id, realtime, monotonic, boottime);
  }
};

struct ProcessState {
  static constexpr const char* section_name = "process";
  std::int32_t pid = 0, parent = 0, group = 0, session = 0;
  std::uint32_t mask = 0;  // umask
  std::uint64_t personality = 0;
  std::string directory, program, name;  // cwd, the guest's executable, comm of the main thread
  std::uint64_t brk_start = 0, brk_end = 0;
  std::uint64_t arguments = 0, arguments_end = 0, environment = 0, environment_end = 0;  // as /proc/self/stat
  std::vector<Limit> limits;                                                             // by number
  std::array<IntervalTimer, 3> timers;                                                   // ITIMER_REAL, _VIRTUAL, _PROF
  std::uint32_t dumpable = 1, thp_disable = 0, child_subreaper = 0, no_new_privileges = 0;
  std::int32_t oom_score_adjustment = 0;
  bool stopped = false;  // by job control
  Clocks clocks;

  template <class Archive>
  void fields(Archive& a) {
    a(pid, parent, group, session, mask, personality, directory, program, name, brk_start, brk_end, arguments,
      arguments_end, environment, environment_end, limits, timers, dumpable, thp_disable, child_subreaper,
      no_new_privileges, oom_score_adjustment, stopped, clocks);
  }
};

}  // namespace cairn::state
