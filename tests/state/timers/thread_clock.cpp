// SPDX-License-Identifier: Apache-2.0
// Timers on the processor time of a thread that is not the main one: they count that thread's time and no other's.
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include <atomic>
#include <thread>

#include "tests/lib/subject.hpp"

namespace {

std::atomic<int> own{0}, named{0};

void count(int signal) { ++(signal == SIGUSR1 ? own : named); }

void burn(double seconds) {
  const auto used = [] {
    timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
  };
  for (const double end = used() + seconds; used() < end;) continue;
}

void set_timer(clockid_t clock, int signal) {
  sigevent event = {};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = signal;
  timer_t timer;
  CHECK(timer_create(clock, &event, &timer) == 0);
  const itimerspec setting = {{0, 0}, {0, 100000000}};
  CHECK(timer_settime(timer, 0, &setting, nullptr) == 0);
}

}  // namespace

int main(int, char** argv) {
  struct sigaction action = {};
  action.sa_handler = count;
  action.sa_flags = SA_RESTART;
  for (int signal : {SIGUSR1, SIGUSR2}) sigaction(signal, &action, nullptr);
  std::atomic<bool> ready{false}, go{false};
  std::thread thread([&] {
    clockid_t clock;
    CHECK(pthread_getcpuclockid(pthread_self(), &clock) == 0);
    set_timer(CLOCK_THREAD_CPUTIME_ID, SIGUSR1);
    set_timer(clock, SIGUSR2);
    ready = true;
    while (!go) usleep(20000);
    burn(0.2);
  });
  while (!ready) subject::nap();
  subject::stay_until_asked(argv[1], [] { burn(0.001); });
  burn(0.3);
  CHECK(own == 0 && named == 0);
  go = true;
  thread.join();
  CHECK(own == 1 && named == 1);
  return subject::verdict();
}
