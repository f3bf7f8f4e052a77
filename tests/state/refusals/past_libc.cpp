// SPDX-License-Identifier: Apache-2.0
// Of the kinds in refused.hpp: processes that were made past libc, and a trigger that lies in an open file.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "tests/lib/subject.hpp"
#include "tests/state/refusals/refused.hpp"

namespace {

int sleep_for_ever(void*) {
  for (;;) pause();
}

// Nobody in it will ever listen.
Undo make_by_clone(int flags) {
  alignas(16) static char stack[65536];
  const pid_t child = clone(sleep_for_ever, stack + sizeof stack, flags | SIGCHLD, nullptr);
  if (child < 0) printf("SKIP: no clone here\n");
  return [child] {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  };
}

std::atomic<pid_t> vforked{0};

int tell_and_sleep(void*) {
  vforked = static_cast<pid_t>(syscall(SYS_getpid));
  return sleep_for_ever(nullptr);
}

// One thread waits in the kernel until its child executes a program or ends.
Undo make_vforked() {
  static std::thread waiting([] {
    alignas(16) static char stack[65536];
    const pid_t child = clone(tell_and_sleep, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, nullptr);
    waitpid(child, nullptr, 0);
  });
  while (vforked == 0) subject::nap();
  return [] {
    kill(vforked, SIGKILL);
    waiting.join();
  };
}

// To read the file leaves nothing in it.
Undo make_pressure() {
  const int reads = open("/proc/pressure/cpu", O_RDONLY), fd = open("/proc/pressure/cpu", O_RDWR | O_NONBLOCK);
  constexpr char kSomeTenth[] = "some 200000 2000000";
  if (reads < 0 || fd < 0 || write(fd, kSomeTenth, sizeof kSomeTenth) != sizeof kSomeTenth)
    printf("SKIP: no pressure is measured here\n");
  return [fd] { close(fd); };
}

}  // namespace

const std::map<std::string, Undo (*)()>& kinds_past_libc() {
  static const std::map<std::string, Undo (*)()> kinds = {
      {"cloned", [] { return make_by_clone(0); }},
      {"cloned_in_memory", [] { return make_by_clone(CLONE_VM); }},
      {"vforked", make_vforked},
      {"pressure", make_pressure},
  };
  return kinds;
}
