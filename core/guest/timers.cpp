// SPDX-License-Identifier: Apache-2.0
// Moments for timers. Where a clock of the program is ahead of the kernel's (processor time after a restart, others on
// another boot), the kernel is told its own moment for the same. Usable in signal handlers, as libc's. Any thread.
#include "core/base/clock.hpp"
#include "core/guest/export.hpp"
#include "core/guest/host.hpp"
#include "core/guest/moments.hpp"
#include "core/guest/real.hpp"
#include "core/guest/thread_state.hpp"
#include "core/guest/timer_clocks.hpp"

using namespace cairn;
using namespace cairn::guest;

namespace {

bool is_valid(const timespec& time) {
  return time.tv_sec >= 0 && time.tv_nsec >= 0 && time.tv_nsec < nanoseconds_per_second;
}

bool is_zero(const timespec& time) { return time.tv_sec == 0 && time.tv_nsec == 0; }

// None at all disarms.
bool has_moment(const itimerspec* wanted) {
  return wanted != nullptr && is_valid(wanted->it_value) && is_valid(wanted->it_interval) && !is_zero(wanted->it_value);
}

// A moment that has passed for the program has passed.
itimerspec as_kernel_has_it(clockid_t clock, const itimerspec& wanted) {
  itimerspec result = {wanted.it_interval, to_kernel(clock, wanted.it_value)};
  if (is_zero(result.it_value)) result.it_value.tv_nsec = 1;
  return result;
}

bool boot_clocks_are_ahead() {
  return table().clock_ahead != nullptr &&
         (table().clock_ahead(CLOCK_MONOTONIC) != 0 || table().clock_ahead(CLOCK_BOOTTIME) != 0);
}

}  // namespace

// What is ahead must not change before the kernel has been told.
CAIRN_INTERPOSE(int, timer_settime, (timer_t timer, int flags, const itimerspec* wanted, itimerspec* old)) {
  if ((flags & TIMER_ABSTIME) == 0 || !has_moment(wanted) || !hosted())
    return real().timer_settime(timer, flags, wanted, old);
  const StopDeferred deferred;
  const itimerspec kernel = as_kernel_has_it(clock_of(timer), *wanted);
  return real().timer_settime(timer, flags, &kernel, old);
}

// libc frees what it keeps of a timer.
CAIRN_INTERPOSE(int, timer_delete, (timer_t timer)) {
  if (hosted()) forget_timer(timer);
  return real().timer_delete(timer);
}

// Flags beside TFD_TIMER_ABSTIME are for the time of day, which is never ahead.
CAIRN_INTERPOSE(int, timerfd_settime, (int fd, int flags, const itimerspec* wanted, itimerspec* old)) {
  if (flags != TFD_TIMER_ABSTIME || !has_moment(wanted) || !hosted())
    return real().timerfd_settime(fd, flags, wanted, old);
  const StopDeferred deferred;
  clockid_t clock = CLOCK_REALTIME;
  itimerspec was{};
  if (!boot_clocks_are_ahead()) return real().timerfd_settime(fd, flags, wanted, old);
  if (!find_clock_of_timerfd(fd, clock, was)) return -1;
  const itimerspec kernel = as_kernel_has_it(clock, *wanted);
  const int result = real().timerfd_settime(fd, flags, &kernel, nullptr);
  if (result == 0 && old != nullptr) *old = was;
  return result;
}
