// SPDX-License-Identifier: Apache-2.0
// Processor time goes on from where it was: of the process, of its threads, and of children that it has waited for.
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
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

volatile sig_atomic_t alarms = 0;
void count(int) { alarms = alarms + 1; }

timer_t make_timer(clockid_t clock) {
  sigevent event = {};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGUSR1;
  timer_t timer;
  CHECK(timer_create(clock, &event, &timer) == 0);
  return timer;
}

// A moment of the program's own clock that is near.
void check_absolute_timer(timer_t timer, clockid_t clock) {
  constexpr double kNear = 0.05, kFar = 0.25;
  const int before = alarms;
  const double start = seconds(clock), moment = start + kNear;
  const auto whole = static_cast<time_t>(moment);
  const itimerspec setting = {{0, 0}, {whole, static_cast<long>((moment - static_cast<double>(whole)) * 1e9)}};
  CHECK(timer_settime(timer, TIMER_ABSTIME, &setting, nullptr) == 0);
  while (alarms == before && seconds(clock) < start + kFar) continue;
  CHECK(alarms == before + 1);
  CHECK(seconds(clock) >= moment);
  const itimerspec passed = {{0, 0}, {0, 1}};
  CHECK(timer_settime(timer, TIMER_ABSTIME, &passed, nullptr) == 0);
  while (alarms == before + 1 && seconds(clock) < start + 2 * kFar) continue;
  CHECK(alarms == before + 2);
}

// What was left of them is left.
constexpr int kIntervalSeconds = 1000;
void set_interval_timers() {
  const itimerval setting = {{7, 0}, {kIntervalSeconds, 0}};
  CHECK(setitimer(ITIMER_VIRTUAL, &setting, nullptr) == 0 && setitimer(ITIMER_PROF, &setting, nullptr) == 0);
}
void check_interval_timers() {
  for (auto which : {ITIMER_VIRTUAL, ITIMER_PROF}) {
    itimerval left;
    CHECK(getitimer(which, &left) == 0 && left.it_interval.tv_sec == 7);
    CHECK(left.it_value.tv_sec > kIntervalSeconds - 100 && left.it_value.tv_sec <= kIntervalSeconds);
  }
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
  signal(SIGUSR1, count);
  const timer_t of_process = make_timer(CLOCK_PROCESS_CPUTIME_ID), of_thread = make_timer(CLOCK_THREAD_CPUTIME_ID);
  set_interval_timers();
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
  check_interval_timers();
  check_absolute_timer(of_process, CLOCK_PROCESS_CPUTIME_ID);
  check_absolute_timer(of_thread, CLOCK_THREAD_CPUTIME_ID);
  enough = true;
  thread.join();
  check_child();
  return subject::verdict();
}
