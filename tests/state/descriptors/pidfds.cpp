// SPDX-License-Identifier: Apache-2.0
// cr_pidfds FLAG [new]: pidfds of a child, of one that has ended and not been waited for, of ones that are gone, of the
// parent and of a sibling; some are in an epoll, some are shared with a child that has executed a program. `new`: the
// processes may have other numbers at the end.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <fstream>
#include <map>
#include <string>

#include "tests/lib/subject.hpp"

namespace {

constexpr int kOfEnded = 9, kOfGone = 7;
constexpr auto kPidfd = static_cast<idtype_t>(3);  // P_PIDFD, in all libcs

// What the executed child finds at fixed numbers.
enum : int { kWaiting = 40, kGone, kEnded, kAsk, kAnswer };

int open_pidfd(pid_t pid, unsigned flags = 0) { return static_cast<int>(syscall(SYS_pidfd_open, pid, flags)); }
long send_to(int fd, int signal) { return syscall(SYS_pidfd_send_signal, fd, signal, nullptr, 0); }

int wait_for(int fd, int how, siginfo_t& info) {
  info = {};
  return waitid(kPidfd, static_cast<id_t>(fd), &info, how);
}

short readiness(int fd) {
  pollfd look{fd, POLLIN, 0};
  poll(&look, 1, 0);
  return look.revents;
}

std::string shown_process(int fd) {
  std::ifstream info("/proc/self/fdinfo/" + std::to_string(fd));
  for (std::string word; info >> word;) {
    if (word == "Pid:" && info >> word) return word;
  }
  return "";
}

// All that a program can find out about one that is gone.
struct Gone {
  explicit Gone(int fd) : ready(readiness(fd)), shown(shown_process(fd)), flags(fcntl(fd, F_GETFL)) {
    signal = send_to(fd, 0) == 0 ? 0 : errno;
    siginfo_t ended{};
    wait = wait_for(fd, WEXITED | WNOHANG, ended) == 0 ? 0 : errno;
    struct {
      unsigned long mask, cgroup;
      unsigned numbers[11];
      int exit_code;
    } info{};
    info.mask = 1 << 3;  // PIDFD_INFO_EXIT
    told = ioctl(fd, _IOWR(0xFF, 11, decltype(info)), &info) == 0 ? 0 : errno;
    if (told == 0 && (info.mask & 1 << 3) != 0) exit_code = info.exit_code;
  }
  bool operator==(const Gone&) const = default;
  short ready;
  std::string shown;
  int flags, signal = 0, wait = 0, told = 0, exit_code = -1;
};

unsigned long inode_of(int fd) {
  struct stat status {};
  fstat(fd, &status);
  return status.st_ino;
}

pid_t ended_child(int status) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  if (WIFEXITED(status)) _exit(WEXITSTATUS(status));
  raise(WTERMSIG(status));
  _exit(1);
}

// Its number may be another process's already.
int gone_pidfd(int status, unsigned flags, int* second = nullptr) {
  const pid_t pid = ended_child(status);
  const int fd = open_pidfd(pid, flags);
  if (second != nullptr) *second = open_pidfd(pid);
  waitpid(pid, nullptr, 0);
  return fd;
}

bool may_be_new = false;

// The process still has the number that it had.
bool is_number(pid_t now, pid_t then) { return may_be_new || now == then; }
bool shows(int fd, pid_t process) { return may_be_new || shown_process(fd) == std::to_string(process); }

// Checks what it has, and answers.
int be_child(bool of_parent) {
  char byte = 0;
  const int parent = open_pidfd(getppid());
  const pid_t number = getppid();
  CHECK(write(kAnswer, "r", 1) == 1);
  const Gone before(kGone);
  while (read(kAsk, &byte, 1) < 0 && errno == EINTR) {
  }
  CHECK(Gone(kGone) == before);
  CHECK(is_number(getppid(), number) && shown_process(parent) == std::to_string(getppid()));
  CHECK(readiness(parent) == 0 && readiness(kWaiting) == 0 && readiness(kEnded) == POLLIN);
  CHECK(send_to(kWaiting, 0) == 0 && send_to(kEnded, 0) == 0);
  CHECK((fcntl(kWaiting, F_GETFL) & O_NONBLOCK) != 0);  // the parent has set it
  siginfo_t info{};
  CHECK(wait_for(kWaiting, WEXITED | WNOHANG, info) == -1 && errno == ECHILD);
  if (of_parent) CHECK(send_to(parent, SIGUSR1) == 0);
  CHECK(write(kAnswer, "d", 1) == 1);
  return subject::failures == 0 ? 0 : 1;
}

// Which of them are ready, by what they were registered with.
std::map<int, unsigned> look(int epoll, int milliseconds = 0) {
  epoll_event events[16];
  const int n = epoll_wait(epoll, events, 16, milliseconds);
  std::map<int, unsigned> seen;
  for (int i = 0; i < n; ++i) seen[events[i].data.fd] = events[i].events;
  return seen;
}

pid_t start_child(const char* program, int ask, int answer) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  dup2(ask, kAsk);
  dup2(answer, kAnswer);
  if (program == nullptr) _exit(be_child(false));
  execl(program, program, "child", may_be_new ? "new" : nullptr, static_cast<char*>(nullptr));
  _exit(127);
}

volatile sig_atomic_t signals = 0;

}  // namespace

int main(int argc, char** argv) {
  may_be_new = argc > 2;
  if (strcmp(argv[1], "child") == 0) return be_child(true);
  signal(SIGUSR1, [](int) { signals = signals + 1; });

  const pid_t waiting = fork();
  if (waiting == 0) {
    for (;;) pause();
  }
  const pid_t ended = ended_child(kOfEnded << 8);
  siginfo_t info{};
  CHECK(waitid(P_PID, static_cast<id_t>(ended), &info, WEXITED | WNOWAIT) == 0);
  int again = -1;
  const int gone = gone_pidfd(kOfGone << 8, O_NONBLOCK, &again), killed = gone_pidfd(SIGTERM, 0);
  CHECK(dup2(open_pidfd(waiting), kWaiting) == kWaiting && dup2(gone, kGone) == kGone);
  CHECK(dup2(open_pidfd(ended), kEnded) == kEnded);
  const int other = open_pidfd(waiting, O_NONBLOCK), self = open_pidfd(getpid());
  const int thread = open_pidfd(waiting, O_EXCL);  // PIDFD_THREAD, since Linux 6.9
  const bool one_inode = inode_of(gone) == inode_of(again), other_inode = inode_of(gone) != inode_of(killed);
  CHECK(one_inode);

  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  for (const int fd : {+kWaiting, +kEnded, +kGone, other, self}) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
  }
  int ask[2], answer[2];
  CHECK(pipe(ask) == 0 && pipe(answer) == 0);
  const pid_t executed = start_child(argv[0], ask[0], answer[1]), copy = start_child(nullptr, ask[0], answer[1]);
  char byte = 0;
  for (int i = 0; i < 2; ++i) CHECK(read(answer[0], &byte, 1) == 1);

  const Gone of_gone(gone), of_again(again), of_killed(killed);
  CHECK(of_gone.ready != 0 && of_gone.signal == ESRCH && of_gone.wait == ECHILD && of_gone.shown == "-1");
  const auto seen = look(epoll);
  CHECK(seen.size() == 2 && seen.count(kEnded) == 1 && seen.count(kGone) == 1);

  subject::stay_until_asked(argv[1], subject::nap);

  CHECK(Gone(gone) == of_gone && Gone(again) == of_again && Gone(killed) == of_killed);
  CHECK((inode_of(gone) == inode_of(again)) == one_inode && (inode_of(gone) != inode_of(killed)) == other_inode);
  CHECK(look(epoll) == seen);
  CHECK(shows(kWaiting, waiting) && shown_process(self) == std::to_string(getpid()));
  CHECK(thread < 0 || ((fcntl(thread, F_GETFL) & O_EXCL) != 0 && readiness(thread) == 0));
  CHECK(wait_for(other, WEXITED, info) == -1 && errno == EAGAIN);  // it does not block
  CHECK((fcntl(kWaiting, F_GETFL) & O_NONBLOCK) == 0);
  CHECK(fcntl(kWaiting, F_SETFL, O_NONBLOCK) == 0);  // which the children see
  CHECK(write(ask[1], "xy", 2) == 2);
  for (int i = 0; i < 2;) {
    if (read(answer[0], &byte, 1) == 1)
      ++i;
    else
      CHECK(errno == EINTR);
  }
  CHECK(wait_for(kEnded, WEXITED | WNOHANG, info) == 0 && is_number(info.si_pid, ended) && info.si_status == kOfEnded);
  CHECK(wait_for(kEnded, WEXITED | WNOHANG, info) == -1 && errno == ECHILD);
  for (int i = 0; i < 2; ++i) {
    int status = 0;
    pid_t child = -1;
    while ((child = wait(&status)) < 0 && errno == EINTR) {
    }
    CHECK(status == 0 && (is_number(child, executed) || is_number(child, copy)));
  }
  CHECK_EQUAL(static_cast<int>(signals), 1);
  CHECK(send_to(kWaiting, SIGTERM) == 0);
  CHECK(fcntl(kWaiting, F_SETFL, 0) == 0);
  CHECK(wait_for(kWaiting, WEXITED | WNOWAIT, info) == 0 && is_number(info.si_pid, waiting) &&
        info.si_status == SIGTERM);
  const auto now = look(epoll, 1000);
  CHECK(now.count(kWaiting) == 1 && now.count(other) == 1 && now.count(self) == 0);
  CHECK(wait_for(kWaiting, WEXITED, info) == 0);
  return subject::verdict();
}
