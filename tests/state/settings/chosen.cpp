// SPDX-License-Identifier: Apache-2.0
// What the program and one of its threads have set themselves to; each shows it again after a restart. Where the kernel
// or the user may not, there is nothing to keep.
#include <asm/prctl.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <thread>

#include "tests/lib/subject.hpp"

namespace {

constexpr int kSetMdwe = 65, kGetMdwe = 66, kSetMerge = 67, kGetMerge = 68;  // newer than the headers

constexpr int kIoOfThread = 1, kLowest = 2 << 13 | 7;  // ioprio_set(2); the header is not for C++

std::string number(long value) { return std::to_string(value) + " "; }

std::string through_pointer(int option) {
  int value = -1;
  prctl(option, &value);
  return number(value);
}

// Of the process.
std::string process_settings() {
  std::string filter;
  std::ifstream("/proc/self/coredump_filter") >> filter;
  return "core dumps " + filter + ", mdwe " + number(prctl(kGetMdwe, 0, 0, 0, 0)) + "merge " +
         number(prctl(kGetMerge, 0, 0, 0, 0)) + "membarrier " +
         number(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0)) +
         number(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0));
}

// Of the calling thread.
std::string thread_settings() {
  int mode = -1;
  unsigned long nodes = 0;
  syscall(SYS_get_mempolicy, &mode, &nodes, 64, 0, 0);
  return "death " + through_pointer(PR_GET_PDEATHSIG) + "tsc " + through_pointer(PR_GET_TSC) + "machine check " +
         number(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0)) + "flusher " + number(prctl(PR_GET_IO_FLUSHER, 0, 0, 0, 0)) +
         "cpuid " + number(syscall(SYS_arch_prctl, ARCH_GET_CPUID, 0)) + "policy " + number(mode) +
         number(static_cast<long>(nodes)) + "personality " + number(personality(0xffffffff)) + "io " +
         number(syscall(SYS_ioprio_get, kIoOfThread, 0)) + "speculation " +
         number(prctl(PR_GET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, 0, 0, 0));
}

void set_process() {
  std::ofstream("/proc/self/coredump_filter") << "0x7f";
  prctl(kSetMdwe, 1, 0, 0, 0);
  prctl(kSetMerge, 1, 0, 0, 0);
  CHECK(syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0);
}

void set_thread() {
  CHECK(prctl(PR_SET_PDEATHSIG, SIGUSR2) == 0);
  prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0);
  prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0);
  prctl(PR_SET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, PR_SPEC_DISABLE, 0, 0);
  syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0);
  unsigned long nodes = 1;
  syscall(SYS_set_mempolicy, MPOL_INTERLEAVE, &nodes, 64);
  CHECK(personality(ADDR_NO_RANDOMIZE) != -1);
  CHECK(syscall(SYS_ioprio_set, kIoOfThread, 0, kLowest) == 0);
}

void check(const std::string& now, const std::string& before) {
  if (now != before) subject::fail(__FILE__, __LINE__, "now " + now + "\nbefore " + before);
}

// May read no clock.
void without_clocks(const std::atomic<bool>& go) {
  CHECK(prctl(PR_SET_TSC, PR_TSC_SIGSEGV) == 0);
  while (!go) sched_yield();
  CHECK(through_pointer(PR_GET_TSC) == number(PR_TSC_SIGSEGV));
}

}  // namespace

int main(int argc, char** argv) {
  CHECK(argc == 2);
  signal(SIGUSR2, SIG_IGN);
  std::atomic<bool> ready{false}, go{false};
  std::thread other([&] {
    set_thread();
    const std::string before = thread_settings();
    ready = true;
    while (!go) subject::nap();
    check(thread_settings(), before);
  });
  while (!ready) subject::nap();
  set_process();
  CHECK(prctl(PR_SET_PDEATHSIG, SIGURG) == 0);
  std::thread clockless(without_clocks, std::cref(go));
  const int owned = open("/dev/null", O_RDWR);
  CHECK(fcntl(owned, F_SETOWN, getpid()) == 0 && fcntl(owned, F_SETSIG, SIGRTMIN + 1) == 0);
  const int of_group = open("/dev/zero", O_RDWR);
  CHECK(fcntl(of_group, F_SETOWN, -getpgrp()) == 0);
  const std::string process = process_settings(), mine = thread_settings();
  subject::stay_until_asked(argv[1], subject::nap);
  check(process_settings(), process);
  check(thread_settings(), mine);
  CHECK_EQUAL(fcntl(owned, F_GETOWN), getpid());
  CHECK_EQUAL(fcntl(of_group, F_GETOWN), -getpgrp());
  CHECK_EQUAL(fcntl(owned, F_GETSIG), SIGRTMIN + 1);
  go = true;
  other.join();
  clockless.join();
  return subject::verdict();
}
