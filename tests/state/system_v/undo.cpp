// SPDX-License-Identifier: Apache-2.0
// cr_semaphore_undo FLAG DONE|LEFT|WAITING: the checkpoint comes in a handler that has interrupted semop() with
// SEM_UNDO: just after it was done, or while it waits. The handler returns, or is left by siglongjmp(). The parent
// looks at what is undone at the end of the child, which does all this.
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>

#include <atomic>
#include <string>
#include <thread>

#include "tests/lib/subject.hpp"

namespace {

enum Semaphores { kTaken, kReady, kSemaphores };
constexpr int kAtFirst = 5;

std::string mode;
const char* flag;
int set;
std::atomic<int> sleeper{0};
std::atomic<bool> in_time{false};
sigjmp_buf before;

int value(int number) { return semctl(set, number, GETVAL); }

int operate(int number, int by, int flags = 0) {
  sembuf operation{static_cast<unsigned short>(number), static_cast<short>(by), static_cast<short>(flags)};
  return semop(set, &operation, 1);
}

void wait_in_handler() {
  in_time = true;
  operate(kReady, 1);
  while (access(flag, F_OK) != 0) subject::nap();
}

// The instruction before is the system call, and its result is that it is done; or not.
bool is_just_back(const ucontext_t& frame, greg_t result) {
  const auto* at = reinterpret_cast<const unsigned char*>(frame.uc_mcontext.gregs[REG_RIP]);
  return at[-2] == 0x0f && at[-1] == 0x05 && frame.uc_mcontext.gregs[REG_RAX] == result;
}

void interrupted(int, siginfo_t*, void* frame) {
  if (!is_just_back(*static_cast<ucontext_t*>(frame), mode == "WAITING" ? -EINTR : 0)) return;
  wait_in_handler();
  if (mode == "LEFT") siglongjmp(before, 1);
}

bool is_asleep(int tid) {
  FILE* file = fopen(("/proc/self/task/" + std::to_string(tid) + "/stat").c_str(), "r");
  char state = '?';
  CHECK(file != nullptr && fscanf(file, "%*d %*s %c", &state) == 1);
  fclose(file);
  return state == 'S';
}

// Many others that were left have no part in it.
void leave_many() {
  signal(SIGALRM, [](int) { siglongjmp(before, 1); });
  for (int i = 0; i < 300; ++i) {
    if (sigsetjmp(before, 1) != 0) continue;
    ualarm(200, 0);
    operate(kReady, -30000, SEM_UNDO);
    CHECK(false);
  }
}

// Until the signal has come just in time.
void take() {
  volatile int result = 2;
  while (sigsetjmp(before, 1) == 0) {
    result = 2;
    sleeper = gettid();
    result = operate(kTaken, -1, SEM_UNDO);
    if (in_time) break;
    operate(kTaken, 1, SEM_UNDO);
    sleeper = 0;
    while (value(kTaken) != 0) subject::nap();
  }
  const int expected = mode == "DONE" ? 0 : mode == "LEFT" ? 2 : -1;
  CHECK_EQUAL(result, expected);
}

// It is there kAtFirst + 1 times: whoever takes it twice does not wait.
void give_and_interrupt() {
  while (!in_time) {
    while (sleeper == 0 || !is_asleep(sleeper)) subject::nap();
    if (mode != "WAITING") operate(kTaken, kAtFirst + 1);
    syscall(SYS_tgkill, getpid(), sleeper.load(), SIGUSR1);
    while (!in_time && sleeper != 0) subject::nap();
    if (!in_time) operate(kTaken, -kAtFirst - 1);
  }
}

int live_as_child() {
  struct sigaction action {};
  action.sa_sigaction = interrupted;
  action.sa_flags = SA_SIGINFO;
  leave_many();
  CHECK(sigaction(SIGUSR1, &action, nullptr) == 0);
  cpu_set_t one{};
  CPU_SET(static_cast<size_t>(sched_getcpu()), &one);
  sched_setaffinity(0, sizeof one, &one);
  std::thread other([] {
    const sched_param none{};
    sched_setscheduler(0, SCHED_IDLE, &none);  // it stays behind whoever has woken it
    take();
  });
  give_and_interrupt();
  other.join();
  CHECK(in_time);
  CHECK_EQUAL(value(kTaken), mode == "WAITING" ? 0 : kAtFirst);
  return subject::failures;
}

}  // namespace

int main(int, char** argv) {
  flag = argv[1];
  mode = argv[2];
  set = semget(IPC_PRIVATE, kSemaphores, 0600);
  CHECK(set >= 0);
  const pid_t child = fork();
  if (child == 0) _exit(live_as_child());
  operate(kReady, -1);
  subject::stay_until_asked(flag, subject::nap);
  int status = -1;
  CHECK(waitpid(-1, &status, 0) > 0 && status == 0);
  CHECK_EQUAL(value(kTaken), mode == "WAITING" ? 0 : kAtFirst + 1);
  CHECK(semctl(set, 0, IPC_RMID) == 0);
  return subject::verdict();
}
