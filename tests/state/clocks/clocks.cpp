// SPDX-License-Identifier: Apache-2.0
// Threads that do nothing but read clocks, so that most stops find them in the kernel's vdso, and a handler that
// interrupts them there.
#include <sched.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/lib/subject.hpp"

namespace {

std::atomic<bool> enough{false};
std::atomic<long> handled{0};

long nanoseconds(clockid_t clock) {
  timespec t;
  CHECK(clock_gettime(clock, &t) == 0);
  CHECK(t.tv_nsec >= 0 && t.tv_nsec < 1000000000);
  return t.tv_sec * 1000000000 + t.tv_nsec;
}

// Stays in the clock as well: a stop may find a thread that is in there twice.
void on_signal(int) {
  const long until = nanoseconds(CLOCK_MONOTONIC) + 200000;
  while (nanoseconds(CLOCK_MONOTONIC) < until) continue;
  ++handled;
}

long read_monotonic() {
  long reads = 0;
  for (long last = 0, now; !enough; last = now, ++reads) {
    now = nanoseconds(CLOCK_MONOTONIC);
    CHECK(now >= last);
  }
  return reads;
}

long read_all() {
  long reads = 0;
  for (; !enough; ++reads) {
    timeval day;
    unsigned cpu = 0, node = 0;
    timespec resolution;
    CHECK(gettimeofday(&day, nullptr) == 0 && time(nullptr) - day.tv_sec <= 1);
    CHECK(getcpu(&cpu, &node) == 0 && clock_getres(CLOCK_MONOTONIC, &resolution) == 0);
    CHECK(resolution.tv_sec == 0 && clock_gettime(9999, &resolution) == -1);
  }
  return reads;
}

}  // namespace

int main(int, char** argv) {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, nullptr);
  const itimerval often = {{0, 1000}, {0, 1000}};
  setitimer(ITIMER_REAL, &often, nullptr);
  std::atomic<long> reads{0};
  std::vector<std::thread> threads;
  for (auto* loop : {read_monotonic, read_monotonic, read_all}) threads.emplace_back([&, loop] { reads += loop(); });
  subject::stay_until_asked(argv[1], [] {
    const long until = nanoseconds(CLOCK_MONOTONIC) + 1000000;
    while (nanoseconds(CLOCK_MONOTONIC) < until) continue;
  });
  enough = true;
  for (auto& thread : threads) thread.join();
  CHECK(reads > 1000 && handled > 0);
  return subject::verdict();
}
