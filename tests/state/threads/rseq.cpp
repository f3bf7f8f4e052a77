// SPDX-License-Identifier: Apache-2.0
// rseq FLAG libc|own: restartable sequences. libc's areas of all threads are known to the kernel as before, and show
// the CPU that the thread runs on; so is one that a program without libc's has registered itself.
#include <linux/rseq.h>
#include <sched.h>
#include <string.h>
#include <sys/rseq.h>
#include <sys/syscall.h>

#include <atomic>
#include <thread>

#include "tests/lib/subject.hpp"

namespace {

using Area = volatile struct rseq;

thread_local struct rseq own_area __attribute__((aligned(32))) = {};
bool uses_own = false;

Area& area() {
  if (uses_own) return own_area;
  return *reinterpret_cast<Area*>(static_cast<char*>(__builtin_thread_pointer()) + __rseq_offset);
}

void begin() {
  if (!uses_own) return;
  own_area.cpu_id = static_cast<unsigned>(RSEQ_CPU_ID_UNINITIALIZED);
  CHECK(syscall(SYS_rseq, &own_area, sizeof own_area, 0, RSEQ_SIG) == 0);
}

// The kernel says the same by its other way, wherever the thread is.
void check() {
  CHECK(static_cast<int>(area().cpu_id) >= 0);
  cpu_set_t all;
  CHECK(sched_getaffinity(0, sizeof all, &all) == 0);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    if (!CPU_ISSET(cpu, &all) || sched_setaffinity(0, sizeof one, &one) != 0) continue;
    unsigned now = 0;
    CHECK(syscall(SYS_getcpu, &now, nullptr, nullptr) == 0 && now == static_cast<unsigned>(cpu));
    CHECK_EQUAL(static_cast<int>(area().cpu_id), cpu);
    CHECK_EQUAL(static_cast<int>(area().cpu_id_start), cpu);
    CHECK_EQUAL(sched_getcpu(), cpu);
  }
  CHECK(sched_setaffinity(0, sizeof all, &all) == 0);
}

}  // namespace

int main(int argc, char** argv) {
  uses_own = argc > 2 && strcmp(argv[2], "own") == 0;
  CHECK(uses_own == (__rseq_size == 0));
  std::atomic<bool> ready{false}, go{false};
  begin();
  std::thread thread([&] {
    begin();
    check();
    ready = true;
    while (!go) subject::nap();
    check();
  });
  while (!ready) subject::nap();
  check();
  subject::stay_until_asked(argv[1], subject::nap);
  check();
  std::thread([] {
    begin();
    check();
  }).join();
  go = true;
  thread.join();
  return subject::verdict();
}
