// SPDX-License-Identifier: Apache-2.0
// timerfd_create(2). A timer goes on with the time that was left, as all timers do; one that was set to a time of day
// (CLOCK_REALTIME and TFD_TIMER_ABSTIME) rings at that time of day, or at once if it has passed.
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <limits>

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"

namespace cairn::state {
namespace {

constexpr unsigned long kSetTicks = _IOW('T', 0, std::uint64_t);  // TFD_IOC_SET_TICKS of linux/timerfd.h
constexpr std::uint64_t kCancelOnSet = 2;                         // TFD_TIMER_CANCEL_ON_SET
constexpr std::int32_t kReportsChanges = 0x100;                   // TFD_TIMER_CANCEL_ON_SET, beside a clock
constexpr std::array<int, 5> kClocks{CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_REALTIME_ALARM,
                                     CLOCK_BOOTTIME_ALARM};

struct TimerDetail {
  std::int32_t clock = 0;                // with kReportsChanges
  bool time_of_day = false;              // `value` is nanoseconds since 1970
  std::int64_t interval = 0, value = 0;  // nanoseconds; value 0: not running
  std::uint64_t ticks = 0;               // expirations that have not been read
  template <class Archive>
  void fields(Archive& a) {
    a(clock, time_of_day, interval, value, ticks);
  }
};

// "it_value: (12, 345)"
std::int64_t time_field(const std::string& info, const char* name) {
  long seconds = 0, nanoseconds = 0;
  std::sscanf(std::string(field(info, name)).c_str(), "(%ld, %ld)", &seconds, &nanoseconds);
  return seconds * nanoseconds_per_second + nanoseconds;
}

// "Never" is the end of the kernel's time: it stays that.
std::int64_t later(std::int64_t moment, std::int64_t left) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(moment, left, &sum) ? std::numeric_limits<std::int64_t>::max() : sum;
}

// gettime first: it counts the periods that have passed, which fdinfo alone does not.
std::string look(int fd) {
  itimerspec ignored{};
  timerfd_gettime(fd, &ignored);
  return read_file("/proc/self/fdinfo/" + std::to_string(fd)).value_or("");
}

// One that shows neither time left nor expirations does not run, or its moment has come and the kernel has not got
// round to it: in a virtual machine that may take milliseconds. With expirations, but no time left, it has expired
// since gettime, and counts on when it is looked at again.
TimerDetail read_timer(const OpenFile& file) {
  constexpr int kLooks = 5;
  constexpr useconds_t kBetween = 2000;  // microseconds
  TimerDetail detail;
  for (int i = 1;; ++i) {
    const std::string info = look(file.fd);
    const std::uint64_t before = detail.ticks;
    detail.clock = static_cast<std::int32_t>(to_number(field(info, "clockid")));
    detail.ticks = to_number(field(info, "ticks"));
    detail.interval = time_field(info, "it_interval");
    detail.value = time_field(info, "it_value");
    if (detail.value != 0 || (detail.interval == 0 && detail.ticks != 0)) return detail;
    if (i == kLooks) {
      if (detail.ticks != before) detail.value = 1;
      return detail;
    }
    if (detail.ticks == 0) usleep(kBetween);
  }
}

std::vector<std::uint8_t> describe(const OpenFile& file, const OpenFiles& /*all*/) {
  const std::uint64_t flags = to_number(field(file.info, "settime flags"), 8);
  TimerDetail detail = read_timer(file);
  const bool reports_changes = (flags & kCancelOnSet) != 0 && (flags & TFD_TIMER_ABSTIME) != 0;
  if (reports_changes && detail.ticks != 0) {
    throw TemporaryError("timerfd" + at(file) +
                         " has what was not read, perhaps a change of the clock (TFD_TIMER_CANCEL_ON_SET), cannot be "
                         "saved yet");
  }
  const bool realtime = detail.clock == CLOCK_REALTIME || detail.clock == CLOCK_REALTIME_ALARM;
  detail.time_of_day = realtime && (flags & TFD_TIMER_ABSTIME) != 0 && detail.value != 0;
  if (detail.time_of_day) detail.value = later(clock_now(CLOCK_REALTIME), detail.value);
  if (reports_changes && detail.time_of_day) detail.clock |= kReportsChanges;
  return encode(detail);
}

int clock_of(const TimerDetail& detail) { return detail.clock & ~kReportsChanges; }

void check(const Description& description) {
  const auto detail = detail_of<TimerDetail>(description);
  if (detail.interval < 0 || detail.value < 0 ||
      std::find(kClocks.begin(), kClocks.end(), clock_of(detail)) == kClocks.end())
    throw PermanentError("a timerfd has times below zero, or a clock that there is none of");
}

UniqueFd reopen(const Description& description) {
  UniqueFd fd(timerfd_create(clock_of(detail_of<TimerDetail>(description)), TFD_CLOEXEC));
  if (!fd) throw EnvironmentError(with_errno("timerfd", errno));
  return fd;
}

void refill(int fd, const Description& description) {
  const auto detail = detail_of<TimerDetail>(description);
  const itimerspec setting{to_timespec(detail.interval), to_timespec(detail.value)};
  const int flags = (detail.time_of_day ? TFD_TIMER_ABSTIME : 0) |
                    ((detail.clock & kReportsChanges) != 0 ? TFD_TIMER_CANCEL_ON_SET : 0);
  if (timerfd_settime(fd, flags, &setting, nullptr) != 0)
    throw EnvironmentError(with_errno("cannot set a timerfd", errno));
  if (detail.ticks == 0) return;
  const std::uint64_t ticks = detail.ticks + to_number(field(look(fd), "ticks"));  // it may have expired at once
  if (ioctl(fd, kSetTicks, &ticks) != 0)
    throw EnvironmentError(with_errno("cannot put back what was not read of a timerfd (TFD_IOC_SET_TICKS)", errno));
}

}  // namespace

extern const DescriptorKind timerfd_descriptor;
const DescriptorKind timerfd_descriptor = {
    .number = 5,
    .name = "timerfd",
    .inheritable = false,
    .recognise = [](const OpenFile& file) { return file.path == "anon_inode:[timerfd]"; },
    .describe = describe,
    .check = check,
    .reopen = reopen,
    .refill = refill,
    .documentation =
        {"timerfd", "clock, interval, time that was left or time of day, expirations that were not read",
         "TFD_TIMER_CANCEL_ON_SET with what was not read is refused, and changes of the clock before the restart are "
         "not told; unread expirations need CONFIG_CHECKPOINT_RESTORE",
         "tests/state/descriptors/timerfd.cpp"},
};

}  // namespace cairn::state
