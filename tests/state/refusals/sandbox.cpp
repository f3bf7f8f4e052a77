// SPDX-License-Identifier: Apache-2.0
// sandbox enter PROGRAM ...: executes it under a seccomp filter that permits everything.
// sandbox strict|filter|root|user FLAG: has a forked child that locks itself up so, and must be there at the end.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <new>

#include "tests/lib/subject.hpp"

namespace {

void put_on(sock_filter* code, unsigned short length) {
  const sock_fprog program = {length, code};
  CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

void permit_all() {
  sock_filter code = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  put_on(&code, 1);
}

void lock_up(const std::string& how) {
  // Whatever is called ends the process.
  sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  if (how == "strict") CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0);
  if (how == "filter") put_on(&nothing, 1);
  if (how == "root") CHECK(mkdir("root", 0755) == 0 && chroot("root") == 0 && chdir("/") == 0);
  if (how == "user") CHECK(setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0);
}

}  // namespace

int main(int argc, char** argv) {
  CHECK(argc > 2);
  const std::string how = argv[1];
  if (how == "enter") {
    permit_all();
    execvp(argv[2], argv + 2);
    return 1;
  }
  if ((how == "root" || how == "user") && geteuid() != 0) printf("SKIP: wants to be root\n"), exit(0);
  void* const shared = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  auto* const steps = new (shared) std::atomic<long>(0);
  const pid_t child = fork();
  if (child == 0) {
    lock_up(how);
    for (;;) ++*steps;
  }
  while (*steps == 0) subject::nap();
  subject::stay_until_asked(argv[2], subject::nap);
  CHECK_EQUAL(waitpid(child, nullptr, WNOHANG), 0);
  const long before = *steps;
  for (int i = 0; i < 5000 && *steps == before; ++i) subject::nap();
  CHECK(*steps != before);
  int status = 0;
  CHECK(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child && WTERMSIG(status) == SIGKILL);
  return subject::verdict();
}
