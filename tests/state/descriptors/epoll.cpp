// SPDX-License-Identifier: Apache-2.0
// epoll with all that it can watch, signalfd, a pidfd of the process itself, a timerfd that reports changes of the
// clock.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

extern "C" {  // which glibc 2.36 forgets
#include <sys/pidfd.h>
}

#include <atomic>
#include <map>
#include <string>
#include <thread>

#include "tests/lib/subject.hpp"

namespace {

void add(int epoll, int fd, unsigned events, unsigned long data) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = data;
  CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
}

void arm(int epoll, int fd, unsigned events, unsigned long data) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = data;
  CHECK(epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) == 0);
}

// What has happened, by data.
std::map<unsigned long, unsigned> look(int epoll, int milliseconds = 0) {
  epoll_event events[32];
  const int n = epoll_wait(epoll, events, 32, milliseconds);
  std::map<unsigned long, unsigned> seen;
  for (int i = 0; i < n; ++i) seen[events[i].data.u64] = events[i].events;
  return seen;
}

void count_up(int fd, unsigned long by = 1) { CHECK(write(fd, &by, sizeof by) == sizeof by); }

unsigned long take(int fd) {
  unsigned long value = 0;
  CHECK(read(fd, &value, sizeof value) == sizeof value);
  return value;
}

struct Pipe {
  int ends[2];
  Pipe() { CHECK(pipe2(ends, O_NONBLOCK) == 0); }
};

}  // namespace

int main(int, char** argv) {
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  Pipe quiet, ready;
  const int counter = eventfd(0, EFD_NONBLOCK), edge = eventfd(1, EFD_NONBLOCK), once = eventfd(1, EFD_NONBLOCK);
  const int armed = eventfd(0, EFD_NONBLOCK), exclusive = eventfd(0, EFD_NONBLOCK);
  CHECK(write(ready.ends[1], "x", 1) == 1);
  add(epoll, quiet.ends[0], EPOLLIN, 1UL << 63 | 1);
  add(epoll, ready.ends[0], EPOLLIN, 2);
  add(epoll, counter, EPOLLIN, 3);
  add(epoll, edge, EPOLLIN | EPOLLET, 4);
  add(epoll, once, EPOLLIN | EPOLLONESHOT, 5);
  add(epoll, armed, EPOLLIN | EPOLLONESHOT, 6);
  add(epoll, exclusive, EPOLLIN | EPOLLEXCLUSIVE, 7);
  auto seen = look(epoll);
  CHECK(seen.count(2) == 1 && seen.count(4) == 1 && seen.count(5) == 1 && seen.size() == 3);
  // Registered under a number that is closed, and under one that is another file's now.
  Pipe moved, reused;
  add(epoll, moved.ends[0], EPOLLIN, 8);
  add(epoll, reused.ends[0], EPOLLIN, 9);
  const int moved_to = dup(moved.ends[0]), reused_to = dup(reused.ends[0]);
  close(moved.ends[0]);
  CHECK(dup2(counter, reused.ends[0]) == reused.ends[0]);
  add(epoll, reused.ends[0], EPOLLIN, 10);  // the same number again
  // Nested.
  const int outer = epoll_create1(0), inner = epoll_create1(0);
  const int innermost = eventfd(0, EFD_NONBLOCK);
  add(outer, inner, EPOLLIN, 11);
  add(inner, innermost, EPOLLIN, 12);
  add(outer, epoll, EPOLLIN, 13);
  // Waited for.
  const int awaited = epoll_create1(0), wakes = eventfd(0, 0);
  add(awaited, wakes, EPOLLIN, 14);
  std::atomic<unsigned long> came{0};
  std::thread waiter([&] {
    const auto events = look(awaited, -1);
    came = events.empty() ? ~0UL : events.begin()->first;
  });
  // Signals.
  sigset_t usr1;
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  CHECK(pthread_sigmask(SIG_BLOCK, &usr1, nullptr) == 0);
  const int signals = signalfd(-1, &usr1, SFD_NONBLOCK | SFD_CLOEXEC);
  add(awaited, signals, EPOLLIN, 15);
  Pipe polled;
  const int self = pidfd_open(getpid(), PIDFD_NONBLOCK);
  CHECK(self >= 0);
  // A moment that the clock will not reach, and news if it is set.
  const int clock = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
  itimerspec setting{};
  setting.it_value.tv_sec = time(nullptr) + 100000;
  CHECK(timerfd_settime(clock, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &setting, nullptr) == 0);
  const int soon = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  const itimerspec often{{0, 20000000}, {0, 20000000}};
  CHECK(timerfd_settime(soon, 0, &often, nullptr) == 0);
  const int ticking = epoll_create1(0);
  add(ticking, soon, EPOLLIN, 16);
  unsigned long ticks = 0;
  subject::stay_until_asked(argv[1], [&] {
    const auto events = look(ticking, 50);
    if (events.count(16) == 1) ticks += take(soon);
  });

  CHECK(ticks > 0);
  ticks = 0;
  while (ticks == 0) {
    if (look(ticking, -1).count(16) == 1) ticks = take(soon);
  }
  CHECK_EQUAL(came.load(), 0UL);
  count_up(wakes);
  waiter.join();
  CHECK_EQUAL(came.load(), 14UL);

  seen = look(epoll);
  CHECK(seen.count(2) == 1);
  CHECK_EQUAL(seen.count(5), 0UL);  // has happened
  CHECK_EQUAL(seen.count(6), 0UL);
  seen.erase(4);  // may come again
  CHECK_EQUAL(seen.size(), 1UL);
  seen = look(epoll);
  CHECK_EQUAL(seen.count(4), 0UL);
  count_up(edge);
  CHECK_EQUAL(look(epoll).count(4), 1UL);
  CHECK_EQUAL(look(epoll).count(4), 0UL);
  CHECK(write(quiet.ends[1], "y", 1) == 1);
  count_up(counter);
  count_up(armed);
  count_up(exclusive);
  count_up(once);
  CHECK(write(moved.ends[1], "z", 1) == 1 && write(reused.ends[1], "z", 1) == 1);
  seen = look(epoll);
  for (unsigned long data : {1UL << 63 | 1, 2UL, 3UL, 6UL, 7UL, 8UL, 9UL, 10UL}) CHECK_EQUAL(seen.count(data), 1UL);
  CHECK_EQUAL(seen.count(5), 0UL);
  CHECK_EQUAL(look(epoll).count(6), 0UL);  // has happened now
  arm(epoll, once, EPOLLIN | EPOLLONESHOT, 17);
  CHECK_EQUAL(look(epoll).count(17), 1UL);
  CHECK(epoll_ctl(epoll, EPOLL_CTL_DEL, reused.ends[0], nullptr) == 0);
  seen = look(epoll);
  CHECK(seen.count(10) == 0 && seen.count(9) == 1);
  // Closed, it is not watched any more.
  close(moved_to);
  close(reused_to);
  seen = look(epoll);
  CHECK(seen.count(8) == 0 && seen.count(9) == 0);
  CHECK((fcntl(epoll, F_GETFD) & FD_CLOEXEC) != 0);

  seen = look(outer);
  CHECK(seen.count(13) == 1 && seen.count(11) == 0);
  count_up(innermost);
  CHECK_EQUAL(look(outer).count(11), 1UL);
  CHECK_EQUAL(look(inner).count(12), 1UL);

  take(wakes);
  kill(getpid(), SIGUSR1);
  CHECK_EQUAL(look(awaited).count(15), 1UL);
  signalfd_siginfo info;
  CHECK(read(signals, &info, sizeof info) == sizeof info);
  CHECK_EQUAL(info.ssi_signo, static_cast<unsigned>(SIGUSR1));
  CHECK(read(signals, &info, sizeof info) < 0 && errno == EAGAIN);
  CHECK((fcntl(self, F_GETFL) & O_NONBLOCK) != 0);
  CHECK(pidfd_send_signal(self, SIGUSR1, nullptr, 0) == 0);
  CHECK(read(signals, &info, sizeof info) == sizeof info);
  CHECK_EQUAL(info.ssi_pid, static_cast<unsigned>(getpid()));
  unsigned long none = 0;
  CHECK(read(clock, &none, sizeof none) < 0 && errno == EAGAIN);
  char text[1024] = "";
  const int about = open(("/proc/self/fdinfo/" + std::to_string(clock)).c_str(), O_RDONLY);
  CHECK(read(about, text, sizeof text - 1) > 0);
  CHECK(strstr(text, "settime flags: 03") != nullptr);
  return subject::verdict();
}
