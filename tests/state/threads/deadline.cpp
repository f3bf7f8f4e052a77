// SPDX-License-Identifier: Apache-2.0
// Threads that the kernel gives time by SCHED_DEADLINE keep what they have asked for.
#include <sched.h>
#include <sys/syscall.h>

#include <atomic>
#include <thread>

#include "tests/lib/subject.hpp"

namespace {

constexpr unsigned kDeadline = 6, kReclaim = 2;  // SCHED_DEADLINE, SCHED_FLAG_RECLAIM of the kernel's header

// struct sched_attr of the kernel's header.
struct Attributes {
  uint32_t size, policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime, deadline, period;
};

}  // namespace

int main(int, char** argv) {
  std::atomic<bool> ready{false}, go{false};
  std::thread thread([&] {
    const Attributes wanted = {sizeof wanted, kDeadline, kReclaim, 0, 0, 2000000, 20000000, 50000000};
    if (syscall(SYS_sched_setattr, 0, &wanted, 0) != 0) printf("SKIP: SCHED_DEADLINE is not permitted\n");
    ready = true;
    while (!go) subject::nap();
    Attributes now = {};
    CHECK(syscall(SYS_sched_getattr, 0, &now, sizeof now, 0) == 0);
    CHECK_EQUAL(now.policy, kDeadline);
    CHECK_EQUAL(now.flags, wanted.flags);
    CHECK_EQUAL(now.runtime, wanted.runtime);
    CHECK_EQUAL(now.deadline, wanted.deadline);
    CHECK_EQUAL(now.period, wanted.period);
  });
  while (!ready) subject::nap();
  subject::stay_until_asked(argv[1], subject::nap);
  go = true;
  thread.join();
  return subject::verdict();
}
