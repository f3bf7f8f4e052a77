// SPDX-License-Identifier: Apache-2.0
// Handlers, masks, alternate stacks, pending signals with their values and senders, for the process and for one thread.
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>

#include <atomic>
#include <thread>

#include "tests/lib/subject.hpp"

namespace {

std::atomic<int> caught{0}, values{0}, from_itself{0};
std::atomic<bool> on_alternate_stack{false};
char* alternate = nullptr;
constexpr size_t kAlternateSize = 65536;

void count(int) { ++caught; }

void take_value(int, siginfo_t* info, void*) {
  values = values * 10 + info->si_value.sival_int;
  if (info->si_pid == getpid()) ++from_itself;
  ++caught;
}

void look_at_stack(int) {
  char here;
  on_alternate_stack = &here >= alternate && &here < alternate + kAlternateSize;
}

void set(int signal, void (*handler)(int), int flags) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigaddset(&action.sa_mask, SIGWINCH);
  sigaction(signal, &action, nullptr);
}

}  // namespace

int main(int, char** argv) {
  alternate = static_cast<char*>(malloc(kAlternateSize));
  const stack_t stack = {alternate, 0, kAlternateSize};
  sigaltstack(&stack, nullptr);
  set(SIGUSR1, count, SA_RESTART);
  set(SIGUSR2, look_at_stack, SA_ONSTACK);
  set(SIGPIPE, SIG_IGN, 0);
  struct sigaction queued = {};
  queued.sa_sigaction = take_value;
  queued.sa_flags = SA_SIGINFO;
  const int realtime = SIGRTMIN + 3;
  sigaction(realtime, &queued, nullptr);
  sigset_t blocked, before;
  sigemptyset(&blocked);
  sigaddset(&blocked, realtime);
  sigaddset(&blocked, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  std::atomic<bool> go{false};
  std::thread other([&] {  // inherits the mask; has a pending signal of its own
    raise(SIGHUP);
    while (!go) subject::nap();
    sigset_t pending;
    sigpending(&pending);
    CHECK(sigismember(&pending, SIGHUP));
  });
  for (int value : {1, 2, 3}) sigqueue(getpid(), realtime, {.sival_int = value});
  subject::stay_until_asked(argv[1], subject::nap);

  sigset_t pending, mask;
  sigpending(&pending);
  CHECK(sigismember(&pending, realtime));
  CHECK(!sigismember(&pending, SIGHUP));
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  CHECK(sigismember(&mask, realtime) && sigismember(&mask, SIGHUP) && !sigismember(&mask, SIGUSR1));
  go = true;
  other.join();
  CHECK_EQUAL(caught.load(), 0);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  while (caught < 3) subject::nap();
  CHECK_EQUAL(values.load(), 123);
  CHECK_EQUAL(from_itself.load(), 3);
  raise(SIGUSR1);
  CHECK_EQUAL(caught.load(), 4);
  raise(SIGUSR2);
  CHECK(on_alternate_stack.load());
  raise(SIGPIPE);
  struct sigaction now = {};
  sigaction(SIGUSR1, nullptr, &now);
  CHECK(now.sa_handler == count && sigismember(&now.sa_mask, SIGWINCH) && (now.sa_flags & SA_RESTART) != 0);
  stack_t stack_now = {};
  sigaltstack(nullptr, &stack_now);
  CHECK(stack_now.ss_sp == alternate && stack_now.ss_size == kAlternateSize);
  return subject::verdict();
}
