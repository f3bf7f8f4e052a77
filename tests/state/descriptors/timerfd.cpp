// SPDX-License-Identifier: Apache-2.0
// timerfds: running, expired, not set, periodic, set to a time of day; descriptors that share one; one that a thread
// waits for.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <time.h>

#include <atomic>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <limits>
#include <thread>

#include "tests/lib/subject.hpp"

namespace {

constexpr int kMilliseconds = 1000000;

std::uint64_t take(int fd) {
  std::uint64_t ticks = 0;
  CHECK(read(fd, &ticks, sizeof ticks) == sizeof ticks);
  return ticks;
}

bool is_empty(int fd) {
  std::uint64_t ticks = 0;
  return read(fd, &ticks, sizeof ticks) < 0 && errno == EAGAIN;
}

void set(int fd, timespec value, timespec interval = {}, int flags = 0) {
  const itimerspec setting = {interval, value};
  CHECK(timerfd_settime(fd, flags, &setting, nullptr) == 0);
}

int make(int clock, int flags, timespec value, timespec interval = {}) {
  const int fd = timerfd_create(clock, flags);
  CHECK(fd >= 0);
  set(fd, value, interval);
  return fd;
}

itimerspec left(int fd) {
  itimerspec now = {};
  CHECK(timerfd_gettime(fd, &now) == 0);
  return now;
}

void wait_until_readable(int fd) {
  pollfd wait = {fd, POLLIN, 0};
  while (poll(&wait, 1, -1) != 1) continue;
}

std::string info(int fd) {
  std::ifstream in("/proc/self/fdinfo/" + std::to_string(fd));
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace

int main(int, char** argv) {
  const timespec never = {}, soon = {0, kMilliseconds}, hour = {3600, 0}, period = {0, 20 * kMilliseconds};
  const int far = make(CLOCK_MONOTONIC, TFD_NONBLOCK, hour);
  const int far_too = fcntl(far, F_DUPFD_CLOEXEC, 40);
  const int boot = make(CLOCK_BOOTTIME, TFD_CLOEXEC, hour, {7, 5});
  const int expired = make(CLOCK_MONOTONIC, TFD_NONBLOCK, soon);
  const int unset = make(CLOCK_REALTIME, TFD_NONBLOCK, never);
  const int unread = make(CLOCK_MONOTONIC, TFD_NONBLOCK, hour);
  const int ringing = make(CLOCK_MONOTONIC, TFD_NONBLOCK, soon, period);
  const int awaited = make(CLOCK_MONOTONIC, 0, soon, period);
  const int alarm = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
  const timespec deadline = {time(nullptr) + 5000, 0};
  set(alarm, deadline, {}, TFD_TIMER_ABSTIME);
  const int never_rings = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
  set(never_rings, {std::numeric_limits<time_t>::max(), 0}, {}, TFD_TIMER_ABSTIME);
  const std::uint64_t seven = 7;
  CHECK(ioctl(unread, _IOW('T', 0, std::uint64_t), &seven) == 0);
  wait_until_readable(expired);
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> periods{0};
  std::thread waiter([&] {
    while (!stop) periods += take(awaited);
  });
  subject::stay_until_asked(argv[1], subject::nap);

  const std::uint64_t before = periods;
  while (periods < before + 3) subject::nap();
  stop = true;
  waiter.join();
  CHECK(left(far).it_value.tv_sec > 3000 && left(far_too).it_value.tv_sec <= 3600);
  CHECK(is_empty(far));
  set(far_too, soon);
  wait_until_readable(far);
  CHECK_EQUAL(take(far), 1UL);
  CHECK(is_empty(far_too));
  CHECK((fcntl(far_too, F_GETFD) & FD_CLOEXEC) != 0 && (fcntl(far, F_GETFD) & FD_CLOEXEC) == 0);
  CHECK(info(boot).find("clockid: 7\n") != std::string::npos);
  CHECK(left(boot).it_interval.tv_sec == 7 && left(boot).it_interval.tv_nsec == 5);
  CHECK_EQUAL(fcntl(boot, F_GETFL) & O_NONBLOCK, 0);
  CHECK_EQUAL(take(expired), 1UL);
  CHECK(is_empty(expired));
  CHECK(left(unset).it_value.tv_sec == 0 && left(unset).it_value.tv_nsec == 0 && is_empty(unset));
  CHECK_EQUAL(take(unread), 7UL);
  CHECK(left(unread).it_value.tv_sec > 3000);
  CHECK(take(ringing) >= 1);
  wait_until_readable(ringing);
  CHECK_EQUAL(left(ringing).it_interval.tv_nsec, static_cast<long>(period.tv_nsec));
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  const long rings_at = now.tv_sec + left(alarm).it_value.tv_sec;
  CHECK(rings_at >= deadline.tv_sec - 2 && rings_at <= deadline.tv_sec + 2);
  CHECK(left(never_rings).it_value.tv_sec > 200L * 365 * 24 * 3600 && is_empty(never_rings));
  CHECK(info(alarm).find("settime flags: 01\n") != std::string::npos);
  return subject::verdict();
}
