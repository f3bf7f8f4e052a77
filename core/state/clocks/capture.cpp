// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>
#include <sys/times.h>

#include <algorithm>

#include "core/base/clock.hpp"
#include "core/state/clocks/kind.hpp"

namespace cairn::state {
namespace {

Usage usage_of(int who) {
  Usage usage{process_usage(who)};
  const cairn_usage ahead = host::usage_ahead(who);
  usage.value.user_us += ahead.user_us;
  usage.value.system_us += ahead.system_us;
  usage.value.counts[0] = std::max(usage.value.counts[0], ahead.counts[0]);
  for (int i = 1; i < CAIRN_USAGE_COUNTS; ++i) usage.value.counts[i] += ahead.counts[i];
  return usage;
}

ThreadClock thread_clock_of(int tid) {
  const host::ThreadTime now = thread_time(tid), ahead = host::thread_time_ahead(tid);
  return {tid, now.processor + ahead.processor, now.user_us + ahead.user_us, now.system_us + ahead.system_us};
}

}  // namespace

std::vector<std::uint8_t> capture_clocks(Capture& capture) {
  const host::BootClocks ahead = host::boot_clocks_ahead(), space = namespace_ahead();
  ClocksState state;
  state.known = true;
  state.monotonic = clock_now(CLOCK_MONOTONIC) + ahead.monotonic;
  state.raw = clock_now(CLOCK_MONOTONIC_RAW) + ahead.raw;
  state.boottime = clock_now(CLOCK_BOOTTIME) + ahead.boottime;
  tms ignored{};
  state.ticks = times(&ignored) + ahead.ticks;
  state.monotonic_ahead = space.monotonic + ahead.monotonic;
  state.boottime_ahead = space.boottime + ahead.boottime;
  state.raw_ahead = space.monotonic + ahead.raw;
  state.ticks_ahead = ahead.ticks;
  state.processor = host::guest_processor_time();
  state.own = usage_of(RUSAGE_SELF);
  state.children = usage_of(RUSAGE_CHILDREN);
  for (std::uint32_t i = 0; i < capture.guest.threads_max; ++i) {
    const cairn_thread& slot = capture.guest.threads[i];
    if (slot.state == CAIRN_THREAD_STOPPED) state.threads.push_back(thread_clock_of(slot.tid));
  }
  return encode(state);
}

}  // namespace cairn::state
