// SPDX-License-Identifier: Apache-2.0
// Processor time goes on from where it was: of the process, of its threads, and of children that it has waited for.
#include <pthread.h>
#include <sys/resource.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <time.h>

#include <atomic>
#include <thread>

#include "tests/lib/subject.hpp"

namespace {

double seconds(clockid_t clock) {
  timespec t;
  CHECK(clock_gettime(clock, &t) == 0);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

double of_usage(int who) {
  rusage usage;
  CHECK(getrusage(static_cast<__rusage_who_t>(who), &usage) == 0);
  const auto in_seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return in_seconds(usage.ru_utime) + in_seconds(usage.ru_stime);
}

void burn(double much) {
  const double until = seconds(CLOCK_THREAD_CPUTIME_ID) + much;
  while (seconds(CLOCK_THREAD_CPUTIME_ID) < until) continue;
}

long page_faults() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

// What a restarted program would begin with again is far below these.
constexpr double kMain = 0.4, kThread = 0.3, kChild = 0.2;
constexpr double kRounding = 0.03;

void check_process() {
  CHECK(seconds(CLOCK_PROCESS_CPUTIME_ID) >= kMain + kThread);
  CHECK(static_cast<double>(clock()) / CLOCKS_PER_SEC >= kMain + kThread);
  CHECK(of_usage(RUSAGE_SELF) >= kMain + kThread - kRounding);
  CHECK(of_usage(RUSAGE_CHILDREN) >= kChild - kRounding);
  tms used;
  CHECK(times(&used) != -1);
  const double tick = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
  CHECK(static_cast<double>(used.tms_utime + used.tms_stime) * tick >= kMain + kThread - kRounding);
  CHECK(static_cast<double>(used.tms_cutime + used.tms_cstime) * tick >= kChild - kRounding);
}

void check_thread(double much) {
  CHECK(seconds(CLOCK_THREAD_CPUTIME_ID) >= much);
  CHECK(of_usage(RUSAGE_THREAD) >= much - kRounding);
  clockid_t clock;
  CHECK(pthread_getcpuclockid(pthread_self(), &clock) == 0);
  CHECK(seconds(clock) >= much);
}

// A child begins at nothing.
void check_child() {
  const pid_t child = fork();
  if (child == 0) _exit(seconds(CLOCK_PROCESS_CPUTIME_ID) < kThread && of_usage(RUSAGE_SELF) < kThread ? 0 : 1);
  int status = 1;
  waitpid(child, &status, 0);
  CHECK_EQUAL(status, 0);
}

}  // namespace

int main(int, char** argv) {
  const pid_t child = fork();
  if (child == 0) {
    burn(kChild);
    _exit(0);
  }
  waitpid(child, nullptr, 0);
  std::atomic<bool> burnt{false}, enough{false};
  std::thread thread([&] {
    burn(kThread);
    burnt = true;
    while (!enough) subject::nap();
    check_thread(kThread);
    CHECK(seconds(CLOCK_THREAD_CPUTIME_ID) < kThread + kMain);
  });
  burn(kMain);
  while (!burnt) subject::nap();
  double last = 0;
  long faults = page_faults();
  subject::stay_until_asked(argv[1], [&] {
    const double now = seconds(CLOCK_PROCESS_CPUTIME_ID);
    CHECK(now >= last);
    last = now;
    CHECK(page_faults() >= faults);
    faults = page_faults();
    subject::nap();
  });
  check_process();
  check_thread(kMain);
  enough = true;
  thread.join();
  check_child();
  return subject::verdict();
}
