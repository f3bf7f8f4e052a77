// SPDX-License-Identifier: Apache-2.0
// What a thread has of its own beside its registers: the base of GS, an alternate signal stack with all its flags, its
// policy, priority and nice value.
#include <asm/prctl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/lib/subject.hpp"

namespace {

constexpr int kAutoDisarm = static_cast<int>(1U << 31);  // SS_AUTODISARM of the kernel's header

struct Wanted {
  int policy, priority, nice;
};

unsigned long gs_base() {
  unsigned long base = 0;
  CHECK(syscall(SYS_arch_prctl, ARCH_GET_GS, &base) == 0);
  return base;
}

// Of the thread's own memory, through GS.
unsigned long through_gs() {
  unsigned long word;
  asm volatile("movq %%gs:8, %0" : "=r"(word));
  return word;
}

void live(const Wanted& wanted, std::atomic<int>& ready, const std::atomic<bool>& go) {
  const unsigned long words[2] = {1, 4711};
  std::vector<char> memory(65536);
  const stack_t stack = {memory.data(), kAutoDisarm, memory.size()};
  CHECK(syscall(SYS_arch_prctl, ARCH_SET_GS, words) == 0);
  CHECK(sigaltstack(&stack, nullptr) == 0);
  const sched_param priority = {wanted.priority};
  const bool may = sched_setscheduler(0, wanted.policy | SCHED_RESET_ON_FORK, &priority) == 0;
  // A user who has begun nicer may not go back.
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), wanted.nice);
  const int nice = getpriority(PRIO_PROCESS, static_cast<id_t>(gettid()));
  ++ready;
  while (!go) subject::nap();
  CHECK_EQUAL(gs_base(), reinterpret_cast<unsigned long>(words));
  CHECK_EQUAL(through_gs(), 4711UL);
  stack_t now;
  CHECK(sigaltstack(nullptr, &now) == 0 && now.ss_sp == stack.ss_sp && now.ss_size == stack.ss_size);
  CHECK_EQUAL(now.ss_flags, kAutoDisarm);
  const stack_t none = {nullptr, SS_DISABLE, 0};
  CHECK(sigaltstack(&none, nullptr) == 0);
  if (!may) return;
  sched_param priority_now = {};
  CHECK_EQUAL(sched_getscheduler(0), wanted.policy | SCHED_RESET_ON_FORK);
  CHECK(sched_getparam(0, &priority_now) == 0 && priority_now.sched_priority == wanted.priority);
  CHECK_EQUAL(getpriority(PRIO_PROCESS, static_cast<id_t>(gettid())), nice);
}

}  // namespace

int main(int, char** argv) {
  const Wanted all[] = {
      {SCHED_OTHER, 0, 3}, {SCHED_BATCH, 0, 5}, {SCHED_IDLE, 0, 7}, {SCHED_RR, 1, -2}, {SCHED_FIFO, 2, 4}};
  std::atomic<int> ready{0};
  std::atomic<bool> go{false};
  std::vector<std::thread> threads;
  for (const Wanted& wanted : all) threads.emplace_back(live, std::cref(wanted), std::ref(ready), std::cref(go));
  const unsigned long mine[2] = {2, 42};
  CHECK(syscall(SYS_arch_prctl, ARCH_SET_GS, mine) == 0);
  while (ready < static_cast<int>(threads.size())) subject::nap();
  subject::stay_until_asked(argv[1], subject::nap);
  CHECK_EQUAL(through_gs(), 42UL);
  go = true;
  for (std::thread& thread : threads) thread.join();
  return subject::verdict();
}
