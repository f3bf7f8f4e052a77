// SPDX-License-Identifier: Apache-2.0
// Moments for timers. Where a clock of the program is ahead of the kernel's (processor time after a restart, others on
// another boot), the kernel is told its own moment for the same. Usable in signal handlers, as libc's. Any thread.
#include <fcntl.h>
#include <string.h>

#include "core/base/raw_syscall.hpp"
#include "core/guest/export.hpp"
#include "core/guest/host.hpp"
#include "core/guest/moments.hpp"
#include "core/guest/real.hpp"
#include "core/guest/thread_state.hpp"

using namespace cairn;
using namespace cairn::guest;

namespace {

// Lines of a file of /proc, none longer than the buffer.
template <class Use>
void each_line(const char* path, Use use) {
  const StopDeferred deferred;  // the descriptor is none of the program's
  const long fd = raw_syscall(SYS_openat, AT_FDCWD, address(path), O_RDONLY | O_CLOEXEC, 0);
  if (is_error(fd)) return;
  char buffer[512];
  size_t used = 0;
  for (long n; (n = raw_syscall(SYS_read, fd, address(buffer + used), static_cast<long>(sizeof buffer - used))) > 0;) {
    used += static_cast<size_t>(n);
    char* line = buffer;
    for (char* end; (end = static_cast<char*>(memchr(line, '\n', used))) != nullptr; line = end + 1) {
      *end = '\0';
      use(line);
      used -= static_cast<size_t>(end + 1 - line);
    }
    if (used == sizeof buffer) break;
    memmove(buffer, line, used);
  }
  raw_syscall(SYS_close, fd);
}

// "NAME: number"
bool says(const char* line, const char* name, int& number) {
  const size_t length = strlen(name);
  if (strncmp(line, name, length) != 0 || line[length] != ':') return false;
  const char* at = line + length + 1;
  while (*at == ' ' || *at == '\t') ++at;
  const bool negative = *at == '-';
  number = 0;
  for (at += negative ? 1 : 0; *at >= '0' && *at <= '9'; ++at) number = number * 10 + (*at - '0');
  if (negative) number = -number;
  return true;
}

// The kernel's number: libc's own, or, of a timer whose function runs in a thread (timer_t below zero), the first word
// of what libc keeps of it.
int kernel_number(timer_t timer) {
  const auto value = reinterpret_cast<intptr_t>(timer);
  return value >= 0 ? static_cast<int>(value) : *reinterpret_cast<const int*>(static_cast<uintptr_t>(value) << 1);
}

clockid_t clock_of(timer_t timer) {
  const int wanted = kernel_number(timer);
  int number = -1, clock = CLOCK_REALTIME;
  each_line("/proc/self/timers", [&](const char* line) {
    int value = 0;
    if (says(line, "ID", number)) return;
    if (number == wanted && says(line, "ClockID", value)) clock = value;
  });
  return clock;
}

clockid_t clock_of(int fd) {
  char path[40] = "/proc/self/fdinfo/", digits[12];
  int n = 0;
  for (unsigned rest = static_cast<unsigned>(fd); n == 0 || rest != 0; rest /= 10)
    digits[n++] = static_cast<char>('0' + rest % 10);
  size_t length = strlen(path);
  while (n > 0) path[length++] = digits[--n];
  int clock = CLOCK_REALTIME;
  each_line(path, [&](const char* line) { says(line, "clockid", clock); });
  return clock;
}

bool any_is_ahead() {
  if (!hosted() || table().clock_ahead == nullptr) return false;
  const StopDeferred deferred;
  return table().clock_ahead(CLOCK_PROCESS_CPUTIME_ID) != 0 || table().clock_ahead(CLOCK_MONOTONIC) != 0 ||
         table().clock_ahead(CLOCK_BOOTTIME) != 0;
}

// A moment that has passed for the program has passed; none at all disarms.
template <class Timer>
itimerspec as_kernel_has_it(Timer timer, const itimerspec& wanted) {
  itimerspec result = wanted;
  if (wanted.it_value.tv_sec == 0 && wanted.it_value.tv_nsec == 0) return result;
  result.it_value = to_kernel(clock_of(timer), wanted.it_value);
  if (result.it_value.tv_sec == 0 && result.it_value.tv_nsec == 0) result.it_value.tv_nsec = 1;
  return result;
}

}  // namespace

CAIRN_INTERPOSE(int, timer_settime, (timer_t timer, int flags, const itimerspec* wanted, itimerspec* old)) {
  if ((flags & TIMER_ABSTIME) == 0 || wanted == nullptr || !any_is_ahead())
    return real().timer_settime(timer, flags, wanted, old);
  const itimerspec kernel = as_kernel_has_it(timer, *wanted);
  return real().timer_settime(timer, flags, &kernel, old);
}

CAIRN_INTERPOSE(int, timerfd_settime, (int fd, int flags, const itimerspec* wanted, itimerspec* old)) {
  if ((flags & TFD_TIMER_ABSTIME) == 0 || wanted == nullptr || fd < 0 || !any_is_ahead())
    return real().timerfd_settime(fd, flags, wanted, old);
  const itimerspec kernel = as_kernel_has_it(fd, *wanted);
  return real().timerfd_settime(fd, flags, &kernel, old);
}
