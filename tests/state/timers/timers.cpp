// SPDX-License-Identifier: Apache-2.0
// Running timers and sleeping threads: all go on with the time that was left, and none fires early. Repeating ones
// go on repeating.
#include <signal.h>
#include <sys/time.h>
#include <time.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "tests/lib/subject.hpp"

namespace {

std::atomic<int> repeats{0}, alarms{0}, once{0};

void on_signal(int signal) {
  if (signal == SIGALRM) ++alarms;
  if (signal == SIGUSR1) ++repeats;
  if (signal == SIGUSR2) ++once;
}

double seconds() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

timer_t make_timer(int signal, long first_ms, long interval_ms) {
  sigevent event = {};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = signal;
  timer_t timer;
  CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
  const itimerspec setting = {{interval_ms / 1000, interval_ms % 1000 * 1000000},
                              {first_ms / 1000, first_ms % 1000 * 1000000}};
  CHECK(timer_settime(timer, 0, &setting, nullptr) == 0);
  return timer;
}

}  // namespace

int main(int, char** argv) {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  for (int signal : {SIGALRM, SIGUSR1, SIGUSR2}) sigaction(signal, &action, nullptr);
  const double start = seconds();
  const timer_t unused = make_timer(SIGUSR1, 1000000, 0);
  const timer_t repeating = make_timer(SIGUSR1, 20, 20);
  const timer_t far = make_timer(SIGUSR2, 3600000, 0);
  timer_delete(unused);
  const itimerval alarm_setting = {{0, 50000}, {0, 50000}};
  setitimer(ITIMER_REAL, &alarm_setting, nullptr);
  // The main thread takes the signals, so that the others' sleep is interrupted by nothing but checkpoints.
  sigset_t all, none;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &none);
  std::atomic<bool> slept{false};
  std::thread sleeper([&] {
    const timespec length = {3, 0};
    CHECK(clock_nanosleep(CLOCK_MONOTONIC, 0, &length, nullptr) == 0);
    slept = true;
    CHECK(seconds() - start >= 3.0);
  });
  std::mutex lock;
  std::condition_variable never;
  std::thread waiter([&] {
    std::unique_lock guard(lock);
    CHECK(never.wait_for(guard, std::chrono::seconds(3)) == std::cv_status::timeout);
    CHECK(seconds() - start >= 3.0);
  });
  pthread_sigmask(SIG_SETMASK, &none, nullptr);
  double last = start;
  subject::stay_until_asked(argv[1], [&] {
    const double now = seconds();
    CHECK(now >= last);
    last = now;
    subject::nap();
  });

  const int repeats_before = repeats, alarms_before = alarms;
  while (repeats < repeats_before + 3 || alarms < alarms_before + 3) subject::nap();
  itimerspec left = {};
  CHECK(timer_gettime(far, &left) == 0);
  CHECK(left.it_value.tv_sec > 3000 && left.it_value.tv_sec <= 3600);
  CHECK_EQUAL(once.load(), 0);
  CHECK(timer_gettime(repeating, &left) == 0 && left.it_interval.tv_nsec == 20000000);
  sleeper.join();
  waiter.join();
  CHECK(slept.load());
  const timer_t another = make_timer(SIGUSR2, 1, 0);
  while (once == 0) subject::nap();
  timer_delete(another);
  return subject::verdict();
}
