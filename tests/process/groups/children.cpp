// SPDX-License-Identifier: Apache-2.0
// cr_children FLAG: children in states in which nothing may happen to them before their parent does something: one that
// is stopped and ends when it is woken, one of whose stop the parent has been told, one that has ended and is told of
// by a signal that waits; and a descendant that is none of the tree, since its parent has ended, and outlives the first
// life.
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/subject.hpp"

namespace {

constexpr int kOfStopped = 9, kOfEnded = 11;

[[noreturn]] void outlive(const std::string& flag) {
  constexpr int kMostLooks = 12000;
  if (fork() == 0) {
    for (int i = 0; i < kMostLooks && access(flag.c_str(), F_OK) != 0; ++i) usleep(10000);
  }
  _exit(0);
}

}  // namespace

int main(int, char** argv) {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  action.sa_flags = SA_NOCLDSTOP;
  sigset_t of_children;
  sigemptyset(&of_children);
  sigaddset(&of_children, SIGCHLD);
  CHECK(sigaction(SIGCHLD, &action, nullptr) == 0 && sigprocmask(SIG_BLOCK, &of_children, nullptr) == 0);

  const pid_t parent = fork();
  if (parent == 0) outlive(argv[1]);
  siginfo_t info{};
  CHECK(waitpid(parent, nullptr, 0) == parent && sigwaitinfo(&of_children, &info) == SIGCHLD);
  auto* const shared =
      static_cast<volatile bool*>(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  volatile bool& went_on = *shared;
  const pid_t stopped = fork();
  if (stopped == 0) {
    raise(SIGSTOP);
    went_on = true;
    _exit(kOfStopped);
  }
  CHECK(waitid(P_PID, static_cast<id_t>(stopped), &info, WSTOPPED | WNOWAIT) == 0 && info.si_code == CLD_STOPPED);
  const pid_t known = fork();
  if (known == 0) {
    raise(SIGSTOP);
    _exit(kOfStopped);
  }
  CHECK(waitpid(known, nullptr, WUNTRACED) == known);
  const pid_t ended = fork();
  if (ended == 0) _exit(kOfEnded);
  CHECK(waitid(P_PID, static_cast<id_t>(ended), &info, WEXITED | WNOWAIT) == 0);

  // A checkpoint wakes them: nobody hears of that.
  const auto nobody_continued = [&] {
    info = {};
    return waitid(P_ALL, 0, &info, WCONTINUED | WNOHANG) == 0 && info.si_pid == 0;
  };
  subject::stay_until_asked(argv[1], [&] {
    CHECK(nobody_continued());
    subject::nap();
  });
  CHECK(nobody_continued());

  CHECK(sigwaitinfo(&of_children, &info) == SIGCHLD && info.si_pid == ended);
  CHECK(info.si_code == CLD_EXITED && info.si_status == kOfEnded);
  const auto tells_of_stop = [&](pid_t child) {
    info = {};
    return waitid(P_PID, static_cast<id_t>(child), &info, WSTOPPED | WNOHANG) == 0 && info.si_pid == child;
  };
  CHECK(tells_of_stop(stopped) && !tells_of_stop(known));
  CHECK(kill(known, SIGKILL) == 0 && waitpid(known, nullptr, 0) == known);
  int status = 0;
  CHECK(waitpid(ended, &status, WNOHANG) == ended && WIFEXITED(status) && WEXITSTATUS(status) == kOfEnded);
  CHECK(!went_on && waitpid(stopped, &status, WNOHANG) == 0);
  CHECK(kill(stopped, SIGCONT) == 0 && waitpid(stopped, &status, 0) == stopped);
  CHECK(went_on && WIFEXITED(status) && WEXITSTATUS(status) == kOfStopped);
  return subject::verdict();
}
