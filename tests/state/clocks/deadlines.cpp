// SPDX-License-Identifier: Apache-2.0
// Threads that wait for moments of the monotonic clocks, in libc and in the kernel, wherever the program is brought
// back meanwhile: none goes on early, and none late. So do those that begin to wait afterwards.
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#include <functional>
#include <thread>
#include <vector>

#include "tests/lib/subject.hpp"

namespace {

using Wait = std::function<int(clockid_t, const timespec*)>;

timespec after(clockid_t clock, long milliseconds) {
  timespec t;
  clock_gettime(clock, &t);
  t.tv_sec += milliseconds / 1000;
  t.tv_nsec += milliseconds % 1000 * 1000000;
  if (t.tv_nsec < 1000000000) return t;
  return {t.tv_sec + 1, t.tv_nsec - 1000000000};
}

double seconds_past(clockid_t clock, const timespec& moment) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec - moment.tv_sec) + static_cast<double>(now.tv_nsec - moment.tv_nsec) / 1e9;
}

int until_condition(clockid_t clock, const timespec* moment, bool names_clock) {
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, clock);
  pthread_cond_t never;
  pthread_cond_init(&never, &attributes);
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&mutex);
  const int error = names_clock ? pthread_cond_clockwait(&never, &mutex, clock, moment)
                                : pthread_cond_timedwait(&never, &mutex, moment);
  pthread_mutex_unlock(&mutex);
  return error;
}

int until_mutex(clockid_t clock, const timespec* moment) {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&mutex);
  return pthread_mutex_clocklock(&mutex, clock, moment);
}

int until_lock(clockid_t clock, const timespec* moment) {
  pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
  pthread_rwlock_rdlock(&lock);
  return pthread_rwlock_clockwrlock(&lock, clock, moment);
}

int until_semaphore(clockid_t clock, const timespec* moment) {
  sem_t never;
  sem_init(&never, 0, 0);
  return sem_clockwait(&never, clock, moment) == -1 ? errno : 0;
}

int until_moment(clockid_t clock, const timespec* moment) {
  return clock_nanosleep(clock, TIMER_ABSTIME, moment, nullptr) == 0 ? ETIMEDOUT : EINVAL;
}

// Machines are busy; another boot is days away.
constexpr double kLate = 60;

void check(const Wait& wait, clockid_t clock, long milliseconds) {
  const timespec moment = after(clock, milliseconds);
  CHECK_EQUAL(wait(clock, &moment), ETIMEDOUT);
  const double past = seconds_past(clock, moment);
  CHECK(past >= 0);
  CHECK(past < kLate);
}

}  // namespace

int main(int, char** argv) {
  const auto timed = [](clockid_t clock, const timespec* moment) { return until_condition(clock, moment, false); };
  const auto named = [](clockid_t clock, const timespec* moment) { return until_condition(clock, moment, true); };
  const std::vector<Wait> waits{timed, named, until_mutex, until_lock, until_semaphore, until_moment};
  std::vector<std::thread> threads;
  for (const Wait& wait : waits) threads.emplace_back([&] { check(wait, CLOCK_MONOTONIC, 3000); });
  threads.emplace_back([] { check(until_moment, CLOCK_BOOTTIME, 3000); });
  subject::stay_until_asked(argv[1], subject::nap);
  for (const Wait& wait : waits) check(wait, CLOCK_MONOTONIC, 50);
  for (std::thread& thread : threads) thread.join();
  return subject::verdict();
}
