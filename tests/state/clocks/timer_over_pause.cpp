// SPDX-License-Identifier: Apache-2.0
// A timer of processor time that runs over a checkpoint rings when the program's clock has come to its moment, no
// earlier: what is used in the pause, in which much memory is compressed, is on both.
#include <signal.h>
#include <time.h>

#include <vector>

#include "tests/lib/subject.hpp"

namespace {

constexpr long kSecond = 1000000000;

long processor_time() {
  timespec t;
  CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0);
  return t.tv_sec * kSecond + t.tv_nsec;
}

volatile long rung = 0;
void note(int) { rung = processor_time(); }

}  // namespace

int main(int, char** argv) {
  constexpr long kAhead = kSecond / 5;  // less than the pause takes, more than the naps
  std::vector<unsigned> memory(24 << 20);
  unsigned value = 1;
  for (unsigned& word : memory) word = (value = value * 1664525 + 1013904223) >> 20;
  signal(SIGUSR1, note);
  sigevent event = {};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGUSR1;
  timer_t timer;
  CHECK(timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &timer) == 0);
  const long moment = processor_time() + kAhead;
  const itimerspec setting = {{0, 0}, {moment / kSecond, moment % kSecond}};
  CHECK(timer_settime(timer, TIMER_ABSTIME, &setting, nullptr) == 0);
  subject::stay_until_asked(argv[1], subject::nap);
  while (rung == 0 && processor_time() < moment + kSecond) continue;
  CHECK(rung >= moment);
  return subject::verdict();
}
