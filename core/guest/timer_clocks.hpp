// SPDX-License-Identifier: Apache-2.0
// Which clock a timer of the program is on. Only files of /proc tell it, and to open one would take a descriptor that
// another thread of the program may have for its own: of timer_create()'s it is noted, timerfds are asked.
// Any thread, also in signal handlers: no locks, nothing of libc.
#pragma once

#include <time.h>

namespace cairn::guest {

// A clock of the calling thread by its number, others as they are: what the kernel shows of a timer then tells whose
// clock it is on, and a restart can make it again.
clockid_t named_clock(clockid_t clock);

// `clock` is a named one.
void note_timer(timer_t timer, clockid_t clock);
// Before it is deleted.
void forget_timer(timer_t timer);
// In a forked child, which has no timers.
void forget_timers();

// CLOCK_REALTIME if it was made by a system call of the program's own.
clockid_t clock_of(timer_t timer);

// Sets the timerfd to a moment that is far away, of its clock. False, with errno: it cannot be set.
bool find_clock_of_timerfd(int fd, clockid_t& clock, itimerspec& was);

}  // namespace cairn::guest
