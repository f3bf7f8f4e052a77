// SPDX-License-Identifier: Apache-2.0
// Signal functions of a hosted program: as documented for libc, but for the one signal that is Cairn's.
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "tests/process/guest/test.hpp"

namespace {

using namespace cairn::test;

volatile sig_atomic_t calls = 0, nested = 0, last_value = 0;
void count(int) { calls = calls + 1; }
void count_info(int, siginfo_t* info, void*) {
  calls = calls + 1;
  last_value = info->si_value.sival_int;
}

struct sigaction action_of(int signal) {
  struct sigaction action = {};
  CHECK(sigaction(signal, nullptr, &action) == 0);
  return action;
}

void old_actions() {
  struct sigaction action = {}, old = {};
  CHECK(action_of(SIGUSR1).sa_handler == SIG_DFL);
  action.sa_handler = count;
  action.sa_flags = SA_RESTART;
  sigaddset(&action.sa_mask, SIGUSR2);
  sigaddset(&action.sa_mask, 64);
  CHECK(sigaction(SIGUSR1, &action, &old) == 0 && old.sa_handler == SIG_DFL);
  old = action_of(SIGUSR1);
  CHECK(old.sa_handler == count && (old.sa_flags & SA_SIGINFO) == 0 && (old.sa_flags & SA_RESTART) != 0);
  CHECK(sigismember(&old.sa_mask, SIGUSR2) == 1);
  action.sa_sigaction = count_info;
  action.sa_flags = SA_SIGINFO;
  CHECK(sigaction(SIGUSR1, &action, &old) == 0 && old.sa_handler == count);
  CHECK(action_of(SIGUSR1).sa_sigaction == count_info);
  CHECK(signal(SIGUSR1, SIG_IGN) == reinterpret_cast<sighandler_t>(reinterpret_cast<void*>(count_info)));
  CHECK(signal(SIGUSR1, SIG_DFL) == SIG_IGN);
  CHECK(sigaction(SIGKILL, &action, nullptr) == -1 && errno == EINVAL);
  CHECK(sigaction(0, nullptr, &old) == -1 && errno == EINVAL);
  CHECK(sigaction(32, nullptr, &old) == -1 && errno == EINVAL);
}

void one_shot() {
  struct sigaction action = {};
  action.sa_handler = count;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  CHECK(sigaction(SIGUSR1, &action, nullptr) == 0);
  raise(SIGUSR1);
  CHECK(calls == 1 && action_of(SIGUSR1).sa_handler == SIG_DFL);
  CHECK(sysv_signal(SIGUSR1, count) == SIG_DFL);
  raise(SIGUSR1);
  CHECK(calls == 2 && action_of(SIGUSR1).sa_handler == SIG_DFL);
  CHECK(signal(SIGUSR1, count) == SIG_DFL);
  raise(SIGUSR1);
  raise(SIGUSR1);
  CHECK(calls == 4 && action_of(SIGUSR1).sa_handler == count && (action_of(SIGUSR1).sa_flags & SA_RESTART) != 0);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  CHECK(siginterrupt(SIGUSR1, 1) == 0 && (action_of(SIGUSR1).sa_flags & SA_RESTART) == 0);
#pragma GCC diagnostic pop
  CHECK(signal(SIGUSR1, count) == count && (action_of(SIGUSR1).sa_flags & SA_RESTART) == 0);
}

void nest(int signal) {
  nested = nested + 1;
  if (nested < 3) raise(signal);
}

void masks_during_handlers() {
  struct sigaction action = {};
  action.sa_handler = nest;
  action.sa_flags = SA_NODEFER;
  CHECK(sigaction(SIGUSR1, &action, nullptr) == 0);
  raise(SIGUSR1);
  CHECK(nested == 3);
  nested = 1;
  action.sa_flags = 0;
  CHECK(sigaction(SIGUSR1, &action, nullptr) == 0);
  raise(SIGUSR1);  // the inner one waits until the outer handler has returned
  CHECK(nested == 3);
}

void the_stop_signal_is_hidden() {
  struct sigaction action = {};
  action.sa_handler = count;
  CHECK(SIGRTMAX == 63);
  // Who sets the actions of all signals shall not find out, and go past libc.
  struct sigaction shown = {};
  action.sa_flags = SA_NODEFER;
  CHECK(sigaction(64, &action, &shown) == 0 && shown.sa_handler == SIG_DFL);
  CHECK(sigaction(64, nullptr, &shown) == 0 && shown.sa_handler == count && shown.sa_flags == SA_NODEFER);
  CHECK(signal(64, SIG_IGN) == count && signal(64, SIG_DFL) == SIG_IGN);
  sigset_t all, now_blocked;
  sigfillset(&all);
  CHECK(sigprocmask(SIG_SETMASK, &all, nullptr) == 0 && sigprocmask(SIG_BLOCK, nullptr, &now_blocked) == 0);
  CHECK(sigismember(&now_blocked, 64) == 0 && sigismember(&now_blocked, 63) == 1);
  CHECK(pthread_sigmask(SIG_BLOCK, &all, nullptr) == 0 && pthread_sigmask(SIG_BLOCK, nullptr, &now_blocked) == 0);
  CHECK(sigismember(&now_blocked, 64) == 0);
  pthread_t thread;
  CHECK(pthread_create(
            &thread, nullptr,
            [](void*) -> void* {
              sigset_t mask;
              CHECK(pthread_sigmask(SIG_BLOCK, nullptr, &mask) == 0 && sigismember(&mask, 64) == 0);
              return nullptr;
            },
            nullptr) == 0);
  pthread_join(thread, nullptr);
}

void queued_values() {
  struct sigaction action = {};
  action.sa_sigaction = count_info;
  action.sa_flags = SA_SIGINFO;
  CHECK(sigaction(SIGRTMIN, &action, nullptr) == 0);
  sigval value{};
  value.sival_int = 4711;
  CHECK(sigqueue(getpid(), SIGRTMIN, value) == 0);
  CHECK(calls == 1 && last_value == 4711);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGRTMIN);
  CHECK(sigprocmask(SIG_BLOCK, &set, nullptr) == 0 && sigqueue(getpid(), SIGRTMIN, value) == 0);
  siginfo_t info{};
  CHECK(sigwaitinfo(&set, &info) == SIGRTMIN && info.si_value.sival_int == 4711);
  const int fd = signalfd(-1, &set, 0);
  signalfd_siginfo from_fd{};
  CHECK(fd >= 0 && sigqueue(getpid(), SIGRTMIN, value) == 0);
  CHECK(read(fd, &from_fd, sizeof from_fd) == sizeof from_fd && from_fd.ssi_int == 4711);
}

sigjmp_buf landing;
volatile int* volatile nowhere = nullptr;
void jump(int) { siglongjmp(landing, 1); }

// Out of faults, and out of handlers that interrupted anything at all.
void jumping_out() {
  CHECK(signal(SIGSEGV, jump) == SIG_DFL);
  for (int i = 0; i < 100; ++i) {
    if (sigsetjmp(landing, 1) == 0) {
      *nowhere = 1;
      CHECK(!"reached");
    }
  }
  sigset_t mask;
  CHECK(sigprocmask(SIG_BLOCK, nullptr, &mask) == 0 && sigismember(&mask, SIGSEGV) == 0);
}

void xsi_functions() {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  CHECK(sigset(SIGUSR1, count) == SIG_DFL);
  CHECK(sigset(SIGUSR1, SIG_HOLD) == count);
  raise(SIGUSR1);
  CHECK(calls == 0);
  CHECK(sigset(SIGUSR1, count) == SIG_HOLD);
  CHECK(calls == 1);
  CHECK(sighold(SIGUSR1) == 0 && raise(SIGUSR1) == 0 && calls == 1);
  CHECK(sigrelse(SIGUSR1) == 0 && calls == 2);
  CHECK(sigignore(SIGUSR1) == 0 && raise(SIGUSR1) == 0 && calls == 2);
#pragma GCC diagnostic pop
}

// A handler of the parent's is the child's too, and its own to change.
void across_fork() {
  CHECK(signal(SIGUSR1, count) == SIG_DFL);
  const pid_t child = fork();
  if (child == 0) {
    raise(SIGUSR1);
    CHECK(calls == 1 && signal(SIGUSR1, SIG_IGN) == count);
    _exit(0);
  }
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  CHECK(calls == 0 && action_of(SIGUSR1).sa_handler == count);
}

// libc signals the process's other threads behind the application's back; host threads must not hear of it.
void credentials_with_threads() {
  if (geteuid() != 0) return;
  pthread_t thread;
  static volatile int go_on = 1;
  CHECK(pthread_create(
            &thread, nullptr,
            [](void*) -> void* {
              while (go_on != 0) usleep(1000);
              return nullptr;
            },
            nullptr) == 0);
  CHECK(setegid(1) == 0 && getegid() == 1 && setegid(0) == 0);
  go_on = 0;
  pthread_join(thread, nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  return run_cases({{"old_actions", old_actions},
                    {"one_shot", one_shot},
                    {"masks_during_handlers", masks_during_handlers},
                    {"the_stop_signal_is_hidden", the_stop_signal_is_hidden},
                    {"queued_values", queued_values},
                    {"jumping_out", jumping_out},
                    {"xsi_functions", xsi_functions},
                    {"across_fork", across_fork},
                    {"credentials_with_threads", credentials_with_threads}},
                   argc, argv);
}
