// SPDX-License-Identifier: Apache-2.0
// struct sched_attr of linux/sched/types.h, which cannot be included beside libc's sched.h.
#pragma once

#include <cstdint>

namespace cairn::state {

struct SchedulingAttributes {
  std::uint32_t size, policy;
  std::uint64_t flags;
  std::int32_t nice;
  std::uint32_t priority;
  std::uint64_t runtime, deadline, period;
};

}  // namespace cairn::state
