// SPDX-License-Identifier: Apache-2.0
// Processor time that is not read through the vdso: getrusage and times go on from where they were before a restart.
// What is added is that of the kernel that was asked: no stop comes between.
#include <sys/resource.h>
#include <sys/times.h>

#include <cstddef>

#include "core/guest/export.hpp"
#include "core/guest/host.hpp"
#include "core/guest/real.hpp"
#include "core/guest/thread_state.hpp"

using namespace cairn;
using namespace cairn::guest;

namespace {

constexpr int64_t kSecond = 1000000;  // microseconds

// Of no value below zero: the kernel rounds the parts of a time anew each time that it tells them.
void add(timeval& time, int64_t microseconds) {
  const int64_t sum = time.tv_sec * kSecond + time.tv_usec + microseconds;
  time = sum > 0 ? timeval{sum / kSecond, sum % kSecond} : timeval{};
}

bool ahead_of_kernel(int who, cairn_usage& ahead) {
  if (!hosted() || table().usage_ahead == nullptr) return false;
  const StopDeferred deferred;
  table().usage_ahead(who, &ahead);
  return true;
}

clock_t in_ticks(int64_t microseconds) { return microseconds / (kSecond / real().sysconf(_SC_CLK_TCK)); }

void add(clock_t& user, clock_t& system, int who) {
  cairn_usage ahead{};
  if (!ahead_of_kernel(who, ahead)) return;
  user += in_ticks(ahead.user_us);
  system += in_ticks(ahead.system_us);
}

}  // namespace

CAIRN_INTERPOSE(int, getrusage, (int who, rusage* usage)) {
  const StopDeferred deferred;
  const int result = real().getrusage(static_cast<__rusage_who_t>(who), usage);
  cairn_usage ahead{};
  if (result != 0 || !ahead_of_kernel(who, ahead)) return result;
  add(usage->ru_utime, ahead.user_us);
  add(usage->ru_stime, ahead.system_us);
  long* const counts = &usage->ru_maxrss;
  static_assert(sizeof *usage - offsetof(rusage, ru_maxrss) == CAIRN_USAGE_COUNTS * sizeof *counts);
  if (counts[0] < ahead.counts[0]) counts[0] = ahead.counts[0];
  for (int i = 1; i < CAIRN_USAGE_COUNTS; ++i) counts[i] += ahead.counts[i];
  return result;
}

CAIRN_INTERPOSE(clock_t, times, (tms * used)) {
  const StopDeferred deferred;
  tms mine{};
  const clock_t result = real().times(&mine);
  add(mine.tms_utime, mine.tms_stime, RUSAGE_SELF);
  add(mine.tms_cutime, mine.tms_cstime, RUSAGE_CHILDREN);
  if (used != nullptr) *used = mine;
  if (!hosted() || table().ticks_ahead == nullptr) return result;
  return result + table().ticks_ahead();
}
