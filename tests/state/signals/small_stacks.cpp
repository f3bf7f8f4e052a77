// SPDX-License-Identifier: Apache-2.0
// Code on stacks of its own, with no room for a signal's frame below, as goroutines and Erlang's processes are: all
// handlers of the program run on alternate stacks, also of threads, and of all signals there are.
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include <array>
#include <atomic>
#include <vector>

#include "tests/lib/subject.hpp"

namespace {

constexpr size_t kStack = 1024, kBelow = 65536, kAlternate = 65536;
constexpr unsigned char kMark = 0xa5;

const char* flag = nullptr;
std::atomic<int> caught{0};

void count(int) { ++caught; }

long system_call(long number, long a, long b, long c, long d) {
  long result;
  register long fourth asm("r10") = d;
  asm volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth) : "rcx", "r11", "memory");
  return result;
}

// What runs there, with next to nothing on the stack: in turns it waits, and computes.
void stay() {
  const timespec nap{0, 1000000};
  while (system_call(SYS_access, reinterpret_cast<long>(flag), F_OK, 0, 0) != 0) {
    for (int i = 0; i < 100000; ++i) asm volatile("");
    system_call(SYS_nanosleep, reinterpret_cast<long>(&nap), 0, 0, 0);
  }
}

struct SmallStack {
  std::vector<unsigned char> memory = std::vector<unsigned char>(kBelow + kStack, kMark);
  std::vector<char> alternate = std::vector<char>(kAlternate);
  ucontext_t here{}, there{};

  void run() {
    const stack_t stack = {alternate.data(), 0, alternate.size()};
    CHECK_EQUAL(sigaltstack(&stack, nullptr), 0);
    getcontext(&there);
    there.uc_stack = {memory.data() + kBelow, 0, kStack};
    there.uc_link = &here;
    makecontext(&there, stay, 0);
    swapcontext(&here, &there);
    size_t changed = 0;
    for (size_t i = 0; i < kBelow; ++i) changed += memory[i] != kMark ? 1 : 0;
    CHECK_EQUAL(changed, size_t{0});
    stack_t now = {};
    sigaltstack(nullptr, &now);
    CHECK(now.ss_sp == alternate.data() && now.ss_size == alternate.size() && now.ss_flags == 0);
  }
};

void set_all() {
  struct sigaction action = {}, shown = {};
  action.sa_handler = count;
  action.sa_flags = SA_ONSTACK | SA_RESTART;
  sigfillset(&action.sa_mask);
  for (int signal = SIGHUP; signal <= 64; ++signal) {
    if (signal == SIGKILL || signal == SIGSTOP || signal == 32 || signal == 33) continue;
    CHECK_EQUAL(sigaction(signal, &action, nullptr), 0);
    CHECK(sigaction(signal, nullptr, &shown) == 0 && shown.sa_handler == count && (shown.sa_flags & SA_ONSTACK) != 0);
  }
}

}  // namespace

int main(int /*argc*/, char** argv) {
  flag = argv[1];
  set_all();
  std::array<SmallStack, 3> stacks;
  std::array<pthread_t, 2> threads{};
  for (size_t i = 0; i < threads.size(); ++i) {
    const auto run = [](void* stack) -> void* {
      static_cast<SmallStack*>(stack)->run();
      return nullptr;
    };
    CHECK_EQUAL(pthread_create(&threads[i], nullptr, run, &stacks[i]), 0);
  }
  printf("READY\n");
  fflush(stdout);
  stacks[2].run();
  for (pthread_t thread : threads) pthread_join(thread, nullptr);
  CHECK_EQUAL(caught.load(), 0);
  raise(SIGUSR1);
  CHECK_EQUAL(caught.load(), 1);
  return subject::verdict();
}
