// SPDX-License-Identifier: Apache-2.0
// Timers for a moment of the program's clocks ring at that moment, wherever the program is brought back; and while they
// are set, no other thread sees a descriptor that it has not made.
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

#include "tests/lib/subject.hpp"

namespace {

constexpr long kSecond = 1000000000;
constexpr int kTimes = 3000;
volatile sig_atomic_t rung = 0;
void note(int) { rung = 1; }

long now(clockid_t clock) {
  timespec t;
  CHECK(clock_gettime(clock, &t) == 0);
  return t.tv_sec * kSecond + t.tv_nsec;
}

itimerspec at(long moment) { return {{0, 0}, {moment / kSecond, moment % kSecond}}; }

timer_t make_timer(clockid_t clock) {
  sigevent event = {};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGUSR1;
  timer_t timer;
  CHECK(timer_create(clock, &event, &timer) == 0);
  return timer;
}

void check_timer(timer_t timer, clockid_t clock) {
  rung = 0;
  const long moment = now(clock) + kSecond / 10;
  const itimerspec setting = at(moment), far = at(moment + 1000 * kSecond);
  itimerspec old{};
  CHECK(timer_settime(timer, TIMER_ABSTIME, &far, nullptr) == 0);
  CHECK(timer_settime(timer, TIMER_ABSTIME, &setting, &old) == 0);
  CHECK(old.it_value.tv_sec >= 999 && old.it_value.tv_sec <= 1001);
  while (rung == 0 && now(clock) < moment + 10 * kSecond) continue;
  CHECK(rung == 1 && now(clock) >= moment);
}

void check_timerfd(int fd, clockid_t clock) {
  const long moment = now(clock) + kSecond / 10;
  const itimerspec setting = at(moment), far = at(moment + 1000 * kSecond);
  itimerspec old{};
  CHECK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &far, nullptr) == 0);
  CHECK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &setting, &old) == 0);
  CHECK(old.it_value.tv_sec >= 999 && old.it_value.tv_sec <= 1001);
  pollfd ready{fd, POLLIN, 0};
  CHECK(poll(&ready, 1, 10000) == 1 && now(clock) >= moment);
}

std::atomic<bool> enough = false;
std::atomic<int> others = 0, looks = 0;
void* watch(void*) {
  const int mine = open("/dev/null", O_RDONLY);
  for (; !enough; ++looks) {
    close(mine);
    const int again = open("/dev/null", O_RDONLY);
    if (again == mine) continue;
    ++others;
    dup2(again, mine);
    close(again);
  }
  return nullptr;
}

void check_descriptors(timer_t timer, int fd) {
  pthread_t watcher;
  CHECK(pthread_create(&watcher, nullptr, watch, nullptr) == 0);
  for (int i = 0; i < kTimes || looks < kTimes; ++i) {
    const itimerspec far = at(now(CLOCK_MONOTONIC) + 1000 * kSecond);
    CHECK(timer_settime(timer, TIMER_ABSTIME, &far, nullptr) == 0);
    CHECK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &far, nullptr) == 0);
  }
  enough = true;
  pthread_join(watcher, nullptr);
  CHECK(others == 0);
}

}  // namespace

int main(int, char** argv) {
  constexpr clockid_t kClocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_PROCESS_CPUTIME_ID,
                                   CLOCK_THREAD_CPUTIME_ID};
  timer_t timers[5];
  int fds[3];
  signal(SIGUSR1, note);
  timer_delete(make_timer(CLOCK_MONOTONIC));
  for (int i = 0; i < 5; ++i) timers[i] = make_timer(kClocks[i]);
  for (int i = 0; i < 3; ++i) fds[i] = timerfd_create(kClocks[i], TFD_CLOEXEC);
  while (now(CLOCK_PROCESS_CPUTIME_ID) < kSecond / 2) continue;
  subject::stay_until_asked(argv[1], subject::nap);
  for (int i = 0; i < 5; ++i) check_timer(timers[i], kClocks[i]);
  for (int i = 0; i < 3; ++i) check_timerfd(fds[i], kClocks[i]);
  check_descriptors(timers[1], fds[1]);
  return subject::verdict();
}
