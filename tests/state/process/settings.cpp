// SPDX-License-Identifier: Apache-2.0
// What a process and its threads can be set to: limits, priorities, CPUs, names, prctl, working numbers.
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "tests/lib/subject.hpp"

namespace {

std::string file_text(const std::string& path) {
  std::ifstream in(path);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace

int main(int argc, char** argv) {
  CHECK(argc >= 3);
  const pid_t pid = getpid();
  const rlimit core = {12345, 23456};
  rlimit files = {};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = 300;
  setrlimit(RLIMIT_CORE, &core);
  setrlimit(RLIMIT_NOFILE, &files);
  prctl(PR_SET_NAME, "settled");
  prctl(PR_SET_DUMPABLE, 0);
  prctl(PR_SET_DUMPABLE, 1);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_TIMERSLACK, 123456);
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(0, &one);
  std::atomic<bool> go{false};
  std::thread other([&] {
    prctl(PR_SET_NAME, "assistant");
    sched_setaffinity(0, sizeof one, &one);
    const sched_param none = {};
    sched_setscheduler(0, SCHED_BATCH, &none);
    setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), 7);
    const pid_t tid = static_cast<pid_t>(syscall(SYS_gettid));
    while (!go) subject::nap();
    char name[16] = "";
    prctl(PR_GET_NAME, name);
    CHECK(strcmp(name, "assistant") == 0);
    cpu_set_t now;
    sched_getaffinity(0, sizeof now, &now);
    CHECK(CPU_EQUAL(&now, &one));
    CHECK_EQUAL(sched_getscheduler(0), SCHED_BATCH);
    CHECK_EQUAL(getpriority(PRIO_PROCESS, 0), 7);
    if (static_cast<pid_t>(syscall(SYS_gettid)) != tid) printf("NUMBER CHANGED\n");
  });
  subject::stay_until_asked(argv[1], subject::nap);

  rlimit now = {};
  getrlimit(RLIMIT_CORE, &now);
  CHECK(now.rlim_cur == core.rlim_cur && now.rlim_max == core.rlim_max);
  getrlimit(RLIMIT_NOFILE, &now);
  CHECK_EQUAL(now.rlim_cur, files.rlim_cur);
  char name[16] = "";
  prctl(PR_GET_NAME, name);
  CHECK(strcmp(name, "settled") == 0);
  int subreaper = 0;
  prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
  CHECK_EQUAL(subreaper, 1);
  CHECK_EQUAL(prctl(PR_GET_TIMERSLACK), 123456);
  CHECK_EQUAL(prctl(PR_GET_DUMPABLE), 1);
  if (getpid() != pid) printf("NUMBER CHANGED\n");
  const std::string line = file_text("/proc/self/cmdline");
  CHECK(line == std::string(argv[0]) + '\0' + argv[1] + '\0' + argv[2] + '\0');
  CHECK(file_text("/proc/self/comm") == "settled\n");
  char exe[4096] = "";
  CHECK(readlink("/proc/self/exe", exe, sizeof exe - 1) > 0 && strstr(exe, "cr_settings") != nullptr);
  go = true;
  other.join();
  return subject::verdict();
}
