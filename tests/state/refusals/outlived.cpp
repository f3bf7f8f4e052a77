// SPDX-License-Identifier: Apache-2.0
// outlived thread|exec: what nobody can ask the kernel for ends with its thread, or holds on in the program that is
// executed. The process that is to be looked at writes its number to the file "pid".
#include <linux/landlock.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

#include "tests/lib/subject.hpp"

namespace {

void look_at_me() {
  FILE* file = fopen("pid.new", "w");
  CHECK(file != nullptr && fprintf(file, "%d", getpid()) > 0 && fclose(file) == 0);
  CHECK(rename("pid.new", "pid") == 0);
  for (;;) pause();
}

void dispatch() {
  static char selector = SYSCALL_DISPATCH_FILTER_ALLOW;
  if (prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0, 0, &selector) != 0) _exit(77);
}

void* dispatching_thread(void*) {
  dispatch();
  return nullptr;
}

// May make no sockets in the file system.
void restrict_itself() {
  landlock_ruleset_attr rules = {};
  rules.handled_access_fs = LANDLOCK_ACCESS_FS_MAKE_SOCK;
  const long fd = syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
  if (fd < 0) _exit(77);
  CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_landlock_restrict_self, fd, 0) == 0);
  close(static_cast<int>(fd));
}

}  // namespace

int main(int argc, char** argv) {
  CHECK(argc == 2);
  const std::string what = argv[1];
  if (what == "thread") {
    pthread_t thread;
    CHECK(pthread_create(&thread, nullptr, dispatching_thread, nullptr) == 0 && pthread_join(thread, nullptr) == 0);
  } else if (what == "exec") {
    restrict_itself();
    execl(argv[0], argv[0], "executed", nullptr);
    return 1;
  }
  look_at_me();
}
