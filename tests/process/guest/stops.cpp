// SPDX-License-Identifier: Apache-2.0
// Threads that compute, cross into the host, come and go, and take signals, while the freezing host stops the
// process all the time.
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "tests/process/guest/test.hpp"

namespace {

using namespace cairn::test;

constexpr double kDuration = 2;
__thread int mine_alone = 0;
volatile int stop_threads = 0;

// A call of the host that does something: looks up a symbol of the host's libc.
bool cross() {
  const uint64_t guest = cairn_enter();
  void* found = CAIRN_TABLE->dlsym("malloc");
  cairn_leave(guest);
  return reinterpret_cast<uint64_t>(found) >= CAIRN_ARENA_TOP;
}

void* compute(void* raw) {
  const int id = *static_cast<int*>(raw);
  unsigned long sum = 0;
  mine_alone = id;
  while (__atomic_load_n(&stop_threads, __ATOMIC_RELAXED) == 0) {
    void* p = malloc(100 + sum % 1000);
    memset(p, id, 100);
    sum += static_cast<unsigned char*>(p)[99];
    free(p);
    CHECK(mine_alone == id);
    CHECK(cross());
    errno = id;
    CHECK(errno == id);
  }
  return nullptr;
}

void run_with_threads(int count, void (*meanwhile)()) {
  pthread_t threads[16];
  int ids[16];
  for (int i = 0; i < count; ++i) {
    ids[i] = i + 1;
    CHECK(pthread_create(&threads[i], nullptr, compute, &ids[i]) == 0);
  }
  meanwhile();
  __atomic_store_n(&stop_threads, 1, __ATOMIC_RELAXED);
  for (int i = 0; i < count; ++i) pthread_join(threads[i], nullptr);
}

void wait_for_stops() {
  const unsigned before = stops();
  CHECK(eventually([before] { return stops() - before >= 100; }, 60));
  check_no_failures();
}

void crossings() { run_with_threads(4, wait_for_stops); }

// Threads that are born and die during stops; one in three crosses.
void thread_churn() {
  const unsigned before = stops();
  int born = 0;
  for (const double end = now() + 60; (stops() - before < 60 || born < 600) && now() < end; born += 8) {
    pthread_t threads[8];
    for (auto& t : threads) {
      const auto body = [](void* n) -> void* {
        if (n != nullptr) CHECK(cross());
        return n;
      };
      CHECK(pthread_create(&t, nullptr, body, &t - threads < 3 ? &t : nullptr) == 0);
    }
    for (auto& t : threads) pthread_join(t, nullptr);
  }
  CHECK(born >= 600 && stops() - before >= 60);
  check_no_failures();
}

volatile sig_atomic_t ticks = 0, in_host = 0;

// The same with a function that handlers, and children of a process with threads, may call: it takes no lock.
bool cross_without_locks() {
  const uint64_t guest = cairn_enter();
  void* found = CAIRN_TABLE->service(CAIRN_TEST_FREEZER, 1);
  cairn_leave(guest);
  return found != nullptr;
}

void on_tick(int, siginfo_t*, void*) {
  ticks = ticks + 1;
  if (cairn_read_fs() >= CAIRN_ARENA_TOP) in_host = 1;
  CHECK(mine_alone == 77);  // the guest's thread-local storage
  const int saved = errno;
  if (ticks % 4 == 0) CHECK(cross_without_locks());  // also when the host was interrupted
  errno = saved;
}

void tick_at_100_hz(int flags) {
  mine_alone = 77;
  struct sigaction action = {};
  action.sa_sigaction = on_tick;
  action.sa_flags = SA_SIGINFO | flags;
  CHECK(sigaction(SIGALRM, &action, nullptr) == 0);
  const itimerval often{{0, 2000}, {0, 2000}};
  CHECK(setitimer(ITIMER_REAL, &often, nullptr) == 0);
  const unsigned before = stops();
  const double start = now();
  unsigned long crossings_made = 0;
  while (now() - start < kDuration || stops() - before < 100) {
    CHECK(cross());
    ++crossings_made;
    CHECK(now() - start < 60);
  }
  const itimerval off{};
  CHECK(setitimer(ITIMER_REAL, &off, nullptr) == 0);
  CHECK(ticks > 100 && crossings_made > 1000);
  CHECK(in_host == 0);
  check_no_failures();
}

void signals_during_crossings() { tick_at_100_hz(0); }
void signals_restarting() { tick_at_100_hz(SA_RESTART); }

void signals_on_alternate_stack() {
  stack_t stack = {};
  stack.ss_size = 1 << 16;
  stack.ss_sp = malloc(stack.ss_size);
  CHECK(sigaltstack(&stack, nullptr) == 0);
  tick_at_100_hz(SA_ONSTACK);
}

// A thread that blocks everything it can is stopped all the same.
void everything_blocked() {
  sigset_t all;
  sigfillset(&all);
  CHECK(sigprocmask(SIG_SETMASK, &all, nullptr) == 0);
  const unsigned before = stops();
  CHECK(eventually([before] { return stops() - before >= 20; }));
  check_no_failures();
}

// Children have no pending stop, one thread, and may execute.
void forks() {
  const unsigned before = stops();
  int children = 0;
  while (stops() - before < 100 || children < 100) {
    const pid_t child = children % 3 == 2 ? vfork() : fork();
    CHECK(child >= 0);
    if (child == 0) {
      if (children % 3 != 2) CHECK(cross_without_locks());
      if (children % 10 == 0) execl("/bin/true", "true", static_cast<char*>(nullptr));
      _exit(children % 10 == 0 ? 99 : 0);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ++children;
  }
  check_no_failures();
}

void forks_among_threads() { run_with_threads(3, forks); }

volatile unsigned timer_calls = 0;
void on_timer(sigval) { __atomic_add_fetch(&timer_calls, 1, __ATOMIC_SEQ_CST); }

// libc's thread behind a timer blocks every signal that one can block.
void timer_threads() {
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD;
  event.sigev_notify_function = on_timer;
  timer_t timer;
  CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
  const itimerspec often{{0, 5000000}, {0, 5000000}};
  CHECK(timer_settime(timer, 0, &often, nullptr) == 0);
  const unsigned before = stops();
  CHECK(eventually([=] { return stops() - before >= 40 && timer_calls >= 40; }, 50));
  check_no_failures();
  CHECK(timer_delete(timer) == 0);
}

// What libc of the host has open for itself, on one of its threads, is not taken for the guest's.
void names_looked_up() {
  CHECK(close_range(3, ~0U, 0) == 0 && dup2(0, 7) == 7);
  freezer().descriptors = 4;
  const unsigned before = stops();
  CHECK(eventually([&] {
    check_no_failures();
    return stops() >= before + 200;
  }));
}

}  // namespace

int main(int argc, char** argv) {
  return run_cases({{"crossings", crossings},
                    {"thread_churn", thread_churn},
                    {"signals_during_crossings", signals_during_crossings},
                    {"signals_restarting", signals_restarting},
                    {"signals_on_alternate_stack", signals_on_alternate_stack},
                    {"everything_blocked", everything_blocked},
                    {"timer_threads", timer_threads},
                    {"forks", forks},
                    {"forks_among_threads", forks_among_threads},
                    {"names_looked_up", names_looked_up}},
                   argc, argv);
}
