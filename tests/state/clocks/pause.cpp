// SPDX-License-Identifier: Apache-2.0
// What Cairn does while the program stands is none of the program's processor time: much memory is compressed in the
// pause, and the clock of the process goes no further than that of its only thread.
#include <sys/resource.h>
#include <time.h>

#include <vector>

#include "tests/lib/subject.hpp"

namespace {

double seconds(clockid_t clock) {
  timespec t;
  CHECK(clock_gettime(clock, &t) == 0);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

double of_usage() {
  rusage usage;
  CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

double others() { return seconds(CLOCK_PROCESS_CPUTIME_ID) - seconds(CLOCK_THREAD_CPUTIME_ID); }

}  // namespace

int main(int, char** argv) {
  constexpr double kLooking = 0.08;  // what a checkpoint takes before and after the pause, on a busy machine
  std::vector<unsigned> memory(24 << 20);
  unsigned value = 1;
  for (unsigned& word : memory) word = (value = value * 1664525 + 1013904223) >> 20;
  const double before = others(), usage_before = of_usage() - seconds(CLOCK_THREAD_CPUTIME_ID);
  subject::stay_until_asked(argv[1], subject::nap);
  CHECK(others() - before < kLooking);
  CHECK(of_usage() - seconds(CLOCK_THREAD_CPUTIME_ID) - usage_before < kLooking);
  return subject::verdict();
}
