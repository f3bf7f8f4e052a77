// SPDX-License-Identifier: Apache-2.0
#include <signal.h>

#include <cstdlib>
#include <string>

#include "core/base/clock.hpp"
#include "core/base/proc.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/state/timers/kind.hpp"

namespace cairn::state {
namespace {

// One timer of /proc/self/timers: "ID: 0", "signal: 14/0000...", "notify: signal/tid.12", "ClockID: 1".
PosixTimer parse_timer(const std::vector<std::string_view>& lines, std::size_t first) {
  PosixTimer timer;
  auto value = [&](std::size_t i) { return first + i < lines.size() ? split_words(lines[first + i]).back() : ""; };
  timer.id = std::atoi(std::string(value(0)).c_str());
  const std::string signal(value(1)), notify(value(2)), clock(value(3));
  const std::size_t slash = signal.find('/'), dot = notify.find('.');
  timer.signal = std::atoi(signal.c_str());
  if (slash != std::string::npos) timer.argument = to_number(std::string_view(signal).substr(slash + 1), 16);
  timer.notify = notify.starts_with("none") ? SIGEV_NONE : notify.starts_with("thread") ? SIGEV_THREAD : SIGEV_SIGNAL;
  if (notify.find("/tid.") != std::string::npos) timer.tid = std::atoi(notify.c_str() + dot + 1);
  timer.clock = std::atoi(clock.c_str());
  itimerspec left{};
  raw_syscall(SYS_timer_gettime, timer.id, reinterpret_cast<long>(&left));
  timer.interval = nanoseconds(left.it_interval);
  timer.value = nanoseconds(left.it_value);
  return timer;
}

}  // namespace

std::vector<std::uint8_t> capture_timers(Capture& /*capture*/) {
  TimersState result;
  const auto text = read_file("/proc/self/timers");
  if (!text) return encode(result);  // a kernel without CONFIG_CHECKPOINT_RESTORE: timers cannot be seen
  const auto lines = split_lines(*text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].starts_with("ID:")) result.timers.push_back(parse_timer(lines, i));
  }
  return encode(result);
}

}  // namespace cairn::state
