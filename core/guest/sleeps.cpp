// SPDX-License-Identifier: Apache-2.0
// Sleeping, pausing and waiting for signals, unbroken by checkpoints (interrupted.hpp).
#include "core/guest/export.hpp"
#include "core/guest/interrupted.hpp"
#include "core/guest/moments.hpp"
#include "core/guest/real.hpp"
#include "core/guest/signals.hpp"

using namespace cairn;
using namespace cairn::guest;

namespace {

// Relative sleep on `clock`; the kernel itself says what is left. As clock_nanosleep, returns an errno.
int sleep_for(clockid_t clock, const timespec* wanted, timespec* rest) {
  timespec left = *wanted, after{};
  for (StopCheck check;; check.begin()) {
    const int error = real().clock_nanosleep(clock, 0, &left, &after);
    errno = error;
    if (error != EINTR || !check.stopped_only()) {
      if (error == EINTR && rest != nullptr) *rest = after;
      return error;
    }
    left = after;
  }
}

int sleep_until(clockid_t clock, int flags, const timespec* moment, timespec* rest) {
  for (StopCheck check;; check.begin()) {
    const Moment deadline(clock, moment);
    const int error = real().clock_nanosleep(clock, flags, deadline.value(), rest);
    errno = error;
    if (error != EINTR || !check.stopped_only()) return error;
  }
}

}  // namespace

CAIRN_INTERPOSE(int, clock_nanosleep, (clockid_t clock, int flags, const timespec* wanted, timespec* rest)) {
  if (!hosted()) return real().clock_nanosleep(clock, flags, wanted, rest);
  const int saved = errno;
  const int error = (flags & TIMER_ABSTIME) != 0 ? sleep_until(clock, flags, wanted, rest)
                    : wanted == nullptr          ? EFAULT
                                                 : sleep_for(clock, wanted, rest);
  errno = saved;
  return error;
}

CAIRN_INTERPOSE(int, nanosleep, (const timespec* wanted, timespec* rest)) {
  if (!hosted() || wanted == nullptr) return real().nanosleep(wanted, rest);
  const int saved = errno;
  const int error = sleep_for(CLOCK_REALTIME, wanted, rest);
  errno = error != 0 ? error : saved;
  return error != 0 ? -1 : 0;
}

CAIRN_INTERPOSE(unsigned, sleep, (unsigned seconds)) {
  if (!hosted()) return real().sleep(seconds);
  const int saved = errno;
  const timespec wanted{static_cast<time_t>(seconds), 0};
  timespec rest{};
  const int error = sleep_for(CLOCK_REALTIME, &wanted, &rest);
  errno = saved;
  return error == EINTR ? static_cast<unsigned>(rest.tv_sec + (rest.tv_nsec >= 500000000 ? 1 : 0)) : 0;
}

CAIRN_INTERPOSE(int, usleep, (useconds_t microseconds)) {
  if (!hosted()) return real().usleep(microseconds);
  const int saved = errno;
  const timespec wanted{static_cast<time_t>(microseconds / 1000000), static_cast<long>(microseconds % 1000000) * 1000};
  const int error = sleep_for(CLOCK_REALTIME, &wanted, nullptr);
  errno = error != 0 ? error : saved;
  return error != 0 ? -1 : 0;
}

CAIRN_INTERPOSE(int, pause, (void)) {
  return repeated([] { return real().pause(); });
}

CAIRN_INTERPOSE(int, sigsuspend, (const sigset_t* mask)) {
  if (!hosted()) return real().sigsuspend(mask);
  const VisibleMask visible(mask);
  return repeated([&] { return real().sigsuspend(visible); });
}

// XSI's sigpause(): waits with one signal unblocked.
CAIRN_INTERPOSE(int, __xpg_sigpause, (int signal)) {
  sigset_t mask;
  real().sigprocmask(SIG_BLOCK, nullptr, &mask);
  if (sigdelset(&mask, signal) != 0) return -1;
  return repeated([&] { return real().sigsuspend(&mask); });
}

// BSD's: waits with the mask given, signals 1 to 32 only.
CAIRN_INTERPOSE(int, sigpause, (int bits)) {
  sigset_t mask;
  sigemptyset(&mask);
  *reinterpret_cast<uint64_t*>(&mask) = static_cast<uint32_t>(bits);
  return repeated([&] { return real().sigsuspend(&mask); });
}

CAIRN_INTERPOSE(int, sigwaitinfo, (const sigset_t* set, siginfo_t* info)) {
  if (!hosted()) return real().sigwaitinfo(set, info);
  tell_who_waits_for_stop_signal(set);
  const VisibleMask visible(set);
  return repeated([&] { return real().sigwaitinfo(visible, info); });
}

CAIRN_INTERPOSE(int, sigtimedwait, (const sigset_t* set, siginfo_t* info, const timespec* limit)) {
  if (!hosted()) return real().sigtimedwait(set, info, limit);
  tell_who_waits_for_stop_signal(set);
  const VisibleMask visible(set);
  return repeated_for(limit, [&](const timespec* left) { return real().sigtimedwait(visible, info, left); });
}

// The limits of these are moments.
CAIRN_INTERPOSE(int, sem_wait, (sem_t * semaphore)) {
  return repeated([=] { return real().sem_wait(semaphore); });
}
CAIRN_INTERPOSE(int, sem_timedwait, (sem_t * semaphore, const timespec* moment)) {
  return repeated([=] { return real().sem_timedwait(semaphore, moment); });
}
CAIRN_INTERPOSE(int, sem_clockwait, (sem_t * semaphore, clockid_t clock, const timespec* moment)) {
  const Moment deadline(clock, moment);
  return repeated([&] { return real().sem_clockwait(semaphore, clock, deadline.value()); });
}

CAIRN_INTERPOSE(int, pthread_clockjoin_np, (pthread_t thread, void** result, clockid_t clock, const timespec* moment)) {
  const Moment deadline(clock, moment);
  return real().pthread_clockjoin_np(thread, result, clock, deadline.value());
}
