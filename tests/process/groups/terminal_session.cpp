// SPDX-License-Identifier: Apache-2.0
// cr_terminal_session FLAG: a process has the master of a terminal, whose session a child leads; a child of that is in
// a process group of its own, in the foreground. In the background one more waits, and one has closed all but its
// controlling terminal. At the end ^C, ^Z, a new size and a hangup reach whom they concern, and nobody else.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <termios.h>

#include <atomic>
#include <string>

#include "tests/lib/subject.hpp"

namespace {

enum Who : int { kLeader, kForeground, kBackground, kWithout, kAll };

// What all see.
struct Common {
  std::atomic<pid_t> pids[kAll];
  std::atomic<int> got[kAll][65];  // signals
  std::atomic<int> ask;
  std::atomic<int> reading_failed, opened_tty, stopped, background_goes_on;
  std::atomic<pid_t> foreground, session;
};
Common* common = nullptr;
Who self = kLeader;

void note(int signal) { common->got[self][signal]++; }

void listen_to(std::initializer_list<int> signals) {
  for (const int number : signals) {
    struct sigaction action {};
    action.sa_handler = note;
    action.sa_flags = SA_RESTART;
    sigaction(number, &action, nullptr);
  }
}

template <class Condition>
bool wait_until(const Condition& condition) {
  for (int i = 0; i < 20000; ++i) {
    if (condition()) return true;
    subject::nap();
  }
  return false;
}

[[noreturn]] void be_in_foreground() {
  self = kForeground;
  listen_to({SIGINT, SIGWINCH, SIGHUP});
  common->pids[self] = getpid();
  // Echoes what it gets, line by line.
  for (char line[256];;) {
    const ssize_t n = read(0, line, sizeof line);
    if (n <= 0) _exit(3);
    const std::string answer = "<" + std::string(line, static_cast<std::size_t>(n - 1)) + ">\n";
    if (write(1, answer.data(), answer.size()) < 0) _exit(4);
  }
}

[[noreturn]] void be_in_background() {
  self = kBackground;
  setpgid(0, 0);
  listen_to({SIGINT, SIGWINCH, SIGHUP});
  signal(SIGTTIN, SIG_IGN);
  common->pids[self] = getpid();
  while (common->ask < 1) subject::nap();
  char c = 0;
  common->reading_failed = read(0, &c, 1) < 0 ? errno : -1;
  for (;;) pause();
}

// The terminal is still its own, by that name.
[[noreturn]] void be_without() {
  self = kWithout;
  setpgid(0, 0);
  for (int fd = 0; fd < 3; ++fd) close(fd);
  open("/dev/null", O_RDWR);
  dup(0);
  dup(0);
  common->pids[self] = getpid();
  while (common->ask < 1) subject::nap();
  const int tty = open("/dev/tty", O_RDWR | O_NOCTTY);
  common->opened_tty = tty >= 0 && tcgetpgrp(tty) == common->pids[kForeground] ? 1 : -1;
  for (;;) pause();
}

[[noreturn]] void lead() {
  listen_to({SIGINT, SIGWINCH, SIGHUP});
  signal(SIGTTOU, SIG_IGN);
  const int other = open("/dev/tty", O_RDWR | O_CLOEXEC);
  if (fork() == 0) be_in_background();
  if (fork() == 0) be_without();
  const pid_t child = fork();
  if (child == 0) {
    setpgid(0, 0);
    tcsetpgrp(0, getpid());
    be_in_foreground();
  }
  common->pids[kLeader] = getpid();
  while (common->ask < 1) subject::nap();
  common->foreground = tcgetpgrp(other);
  common->session = tcgetsid(0);
  int status = 0;
  while (common->ask < 2) subject::nap();
  if (waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status)) common->stopped = WSTOPSIG(status);
  tcsetpgrp(0, getpgrp());
  tcsetpgrp(0, child);  // before it goes on: it reads at once
  kill(-child, SIGCONT);
  common->stopped = common->stopped + 100;
  for (;;) pause();
}

std::string take(int master) {
  std::string text;
  for (char c = 0; text.empty() || text.back() != '\n'; text += c) {
    pollfd file{master, POLLIN, 0};
    if (poll(&file, 1, 20000) != 1 || read(master, &c, 1) != 1) return text + " ... errno " + std::to_string(errno);
  }
  return text;
}

void put(int fd, const std::string& text) {
  CHECK_EQUAL(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

#define CHECK_TEXT(a, b)                                                                                \
  do {                                                                                                  \
    const std::string a_ = (a), b_ = (b);                                                               \
    if (a_ != b_) subject::fail(__FILE__, __LINE__, std::string(#a) + ": " + a_ + " instead of " + b_); \
  } while (0)

int got(Who who, int number) { return common->got[who][number]; }

}  // namespace

int main(int, char** argv) {
  void* const memory = mmap(nullptr, sizeof(Common), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  common = new (memory) Common();
  winsize size{24, 80, 0, 0};
  int master = -1;
  const pid_t child = forkpty(&master, nullptr, nullptr, &size);
  if (child == 0) lead();
  CHECK(wait_until([] {
    for (const auto& pid : common->pids) {
      if (pid == 0) return false;
    }
    return true;
  }));
  CHECK(wait_until([&] { return tcgetpgrp(master) == common->pids[kForeground]; }));
  unsigned long steps = 0;
  put(master, "half a ");
  subject::stay_until_asked(argv[1], [&] {
    const std::string step = std::to_string(++steps), begun = steps == 1 ? "half a " : "";
    put(master, step + "\r");
    CHECK_TEXT(take(master), begun + step + "\r\n");
    CHECK_TEXT(take(master), "<" + begun + step + ">\r\n");
    subject::nap();
  });
  put(master, "half");

  CHECK_EQUAL(static_cast<int>(common->pids[kLeader]), child);
  common->ask = 1;
  CHECK(wait_until([] { return common->reading_failed != 0 && common->opened_tty != 0 && common->session != 0; }));
  CHECK_EQUAL(common->reading_failed.load(), EIO);
  CHECK_EQUAL(common->opened_tty.load(), 1);
  CHECK_EQUAL(common->foreground.load(), common->pids[kForeground].load());
  CHECK_EQUAL(common->session.load(), child);
  CHECK(tcgetpgrp(master) == common->pids[kForeground] && tcgetsid(master) == child);

  size.ws_row = 50;
  CHECK(ioctl(master, TIOCSWINSZ, &size) == 0);
  CHECK(wait_until([] { return got(kForeground, SIGWINCH) == 1; }));
  put(master, "\x03");  // discards the half
  CHECK(wait_until([] { return got(kForeground, SIGINT) == 1; }));
  common->ask = 2;
  put(master, "\x1a");
  CHECK(wait_until([] { return common->stopped >= 100; }));
  CHECK_EQUAL(common->stopped.load(), 100 + SIGTSTP);
  put(master, "again\r");
  CHECK(take(master).ends_with("again\r\n"));
  CHECK_TEXT(take(master), "<again>\r\n");
  for (const Who who : {kLeader, kBackground}) CHECK(got(who, SIGINT) == 0 && got(who, SIGWINCH) == 0);
  for (int who = 0; who < kAll; ++who) CHECK_EQUAL(got(static_cast<Who>(who), SIGHUP), 0);
  close(master);
  // To the session's leader, and the foreground group reads the end.
  CHECK(wait_until([] { return got(kLeader, SIGHUP) == 1; }));
  CHECK_EQUAL(got(kBackground, SIGHUP), 0);
  for (const auto& pid : common->pids) kill(pid, SIGKILL);
  CHECK(waitpid(child, nullptr, 0) == child);
  return subject::verdict();
}
