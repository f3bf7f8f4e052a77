// SPDX-License-Identifier: Apache-2.0
// What libcr promises to a program that is checkpointed, killed and restarted again and again (cr_cycle.py).
// guest_restart FLAG CASE
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include <atomic>
#include <cerrno>

#include "core/abi/crossing.h"
#include "core/abi/host_table.h"
#include "core/guest/libcr.h"
#include "tests/lib/subject.hpp"
#include "tests/process/guest/transfers.hpp"

namespace {

std::atomic<bool> leave{false};
const char* flag_file = nullptr;
const char* own_path = nullptr;

unsigned restarts() { return __atomic_load_n(&cairn_guest_self.generation, __ATOMIC_ACQUIRE); }

// The host that this process has now answers.
bool cross() {
  const uint64_t guest = cairn_enter();
  void* found = CAIRN_TABLE->dlsym("malloc");
  cairn_leave(guest);
  return reinterpret_cast<uint64_t>(found) >= CAIRN_ARENA_TOP;
}

void stay() { subject::stay_until_asked(flag_file, subject::nap); }

struct Threads {
  Threads(int count, void* (*body)(void*)) : count_(count) {
    for (int i = 0; i < count_; ++i) CHECK(pthread_create(&threads_[i], nullptr, body, nullptr) == 0);
  }
  void join() {
    leave = true;
    for (int i = 0; i < count_; ++i) pthread_join(threads_[i], nullptr);
  }
  pthread_t threads_[16];
  int count_;
};

// --- callbacks ---
struct Seen {
  std::atomic<unsigned> continued{0}, restarted{0}, failed{0};
};

int callback(void* raw) {
  auto* seen = static_cast<Seen*>(raw);
  const int result = cr_checkpoint(CR_CHECKPOINT_READY);
  ++(result == 0 ? seen->continued : result > 0 ? seen->restarted : seen->failed);
  return 0;
}

void callbacks() {
  static Seen in_thread, in_signal;
  CHECK(cr_init() >= 0);
  CHECK(cr_register_callback(callback, &in_thread, CR_THREAD_CONTEXT) >= 0);
  CHECK(cr_register_callback(callback, &in_signal, CR_SIGNAL_CONTEXT) >= 0);
  stay();
  for (int i = 0; i < 10000 && in_thread.restarted != restarts(); ++i) subject::nap();
  CHECK_EQUAL(in_thread.restarted.load(), restarts());
  CHECK_EQUAL(in_signal.restarted.load(), restarts());
  CHECK_EQUAL(in_thread.continued.load() + in_signal.continued + in_thread.failed + in_signal.failed, 0U);
  CHECK(restarts() > 0);
}

// --- waits ---
constexpr timespec kLimit{0, 50000000};
std::atomic<unsigned long> waits_made{0};

void* wait_in_all_ways(void*) {
  sem_t semaphore;
  sigset_t set;
  sem_init(&semaphore, 0, 0);
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  while (!leave) {
    CHECK(nanosleep(&kLimit, nullptr) == 0);
    CHECK(usleep(50000) == 0);
    CHECK(poll(nullptr, 0, 50) == 0);
    timeval limit{0, 50000};
    CHECK(select(0, nullptr, nullptr, nullptr, &limit) == 0);
    CHECK(sigtimedwait(&set, nullptr, &kLimit) == -1 && errno == EAGAIN);
    timespec until{};
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec = (until.tv_nsec + 50000000) % 1000000000;
    CHECK(sem_timedwait(&semaphore, &until) == -1 && errno == ETIMEDOUT);
    ++waits_made;
  }
  return nullptr;
}

void waits() {
  Threads threads(4, wait_in_all_ways);
  stay();
  const unsigned long before = waits_made;
  while (waits_made < before + 4) subject::nap();  // they still wait, and end their waits
  threads.join();
}

// --- partial_transfers ---
void partial_transfers() {
  size_t count = 0;
  cairn::test::Transfer* all = cairn::test::transfers(count);
  for (size_t i = 0; i < count; ++i) begin(all[i]);
  stay();
  for (size_t i = 0; i < count; ++i) end(all[i]);
}

// --- crossings ---
void* cross_for_ever(void*) {
  while (!leave) CHECK(cross());
  return nullptr;
}
void* bear_threads(void*) {
  while (!leave) {
    pthread_t thread;
    CHECK(pthread_create(
              &thread, nullptr,
              [](void*) -> void* {
                CHECK(cross());
                return nullptr;
              },
              nullptr) == 0);
    pthread_join(thread, nullptr);
  }
  return nullptr;
}
void crossings() {
  Threads threads(3, cross_for_ever);
  stay();
  CHECK(cross());
  threads.join();
}
void short_lived_threads() {
  Threads threads(2, bear_threads);
  stay();
  threads.join();
}

// --- handlers ---
std::atomic<unsigned long> ticks{0};
__thread int own_number = 0;
void on_tick(int, siginfo_t*, void*) {
  ++ticks;
  CHECK(own_number == 17);
}
void ticking() {
  own_number = 17;
  struct sigaction action = {};
  action.sa_sigaction = on_tick;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  CHECK(sigaction(SIGALRM, &action, nullptr) == 0);
  const itimerval often{{0, 10000}, {0, 10000}};
  CHECK(setitimer(ITIMER_REAL, &often, nullptr) == 0);
  subject::stay_until_asked(flag_file, [] {
    for (int i = 0; i < 1000; ++i) CHECK(cross());
  });
  const unsigned long before = ticks;
  while (ticks < before + 10) CHECK(cross());
  struct sigaction now = {};
  CHECK(sigaction(SIGALRM, nullptr, &now) == 0 && now.sa_sigaction == on_tick);
}

// --- children of the restarted program ---
int run(char* const* argv) {
  pid_t child = 0;
  int status = -1;
  if (posix_spawn(&child, argv[0], nullptr, nullptr, argv, environ) != 0) return -1;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void children() {
  char before[PATH_MAX] = {}, after[PATH_MAX] = {};
  CHECK(readlink("/proc/self/exe", before, sizeof before - 1) > 0);
  stay();
  CHECK(readlink("/proc/self/exe", after, sizeof after - 1) > 0 && strcmp(before, after) == 0);
  char* const argv[] = {const_cast<char*>(own_path), const_cast<char*>("--hosted"), nullptr};
  CHECK_EQUAL(run(argv), 42);
  const std::string command = std::string("'") + own_path + "' --hosted";
  CHECK_EQUAL(WEXITSTATUS(system(command.c_str())), 42);
  const pid_t child = fork();
  if (child == 0) {
    CHECK(cross());
    execv(own_path, argv);
    _exit(1);
  }
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 42);
}

// --- critical sections ---
std::atomic<long> balance{0};
int balanced(void*) {
  CHECK(balance == 0);
  return 0;
}
void* keep_balance(void*) {
  const int id = cr_init();
  while (!leave) {
    CHECK(cr_enter_cs(id) == 0);
    ++balance;
    --balance;
    CHECK(cr_leave_cs(id) == 0);
  }
  return nullptr;
}
void critical_sections() {
  CHECK(cr_init() >= 0 && cr_register_callback(balanced, nullptr, CR_THREAD_CONTEXT) >= 0);
  Threads threads(3, keep_balance);
  stay();
  threads.join();
}

// A timer that libc serves by a thread of its own.
std::atomic<unsigned> timer_calls{0};
void timer_threads() {
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD;
  event.sigev_notify_function = [](sigval) { ++timer_calls; };
  timer_t timer;
  const itimerspec often{{0, 5000000}, {0, 5000000}};
  CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 && timer_settime(timer, 0, &often, nullptr) == 0);
  stay();
  const unsigned before = timer_calls;
  while (timer_calls < before + 20) subject::nap();
}

void processors() {
  stay();
  for (int i = 0; i < 1000; ++i) CHECK(sched_getcpu() >= 0);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && strcmp(argv[1], "--hosted") == 0) return cairn_is_hosted() ? 42 : 1;
  if (argc != 3) return 2;
  const struct {
    const char* name;
    void (*function)();
  } cases[] = {{"callbacks", callbacks},
               {"waits", waits},
               {"partial_transfers", partial_transfers},
               {"crossings", crossings},
               {"short_lived_threads", short_lived_threads},
               {"ticking", ticking},
               {"children", children},
               {"critical_sections", critical_sections},
               {"processors", processors},
               {"timer_threads", timer_threads}};
  own_path = argv[0];
  flag_file = argv[1];
  for (const auto& c : cases) {
    if (strcmp(argv[2], c.name) != 0) continue;
    c.function();
    return subject::verdict();
  }
  return 2;
}
