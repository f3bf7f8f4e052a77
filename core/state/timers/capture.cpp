// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/state/resident.hpp"
#include "core/state/timers/kind.hpp"

namespace cairn::state {
namespace {

// A timer may be on the processor time of one thread: that of which one is known by its number only.
void check_clock(const PosixTimer& timer) {
  constexpr int kOfThread = 4, kKind = 3, kOfDescriptor = 3;
  if (timer.clock >= 0 ? timer.clock != CLOCK_THREAD_CPUTIME_ID : (timer.clock & kKind) == kOfDescriptor) return;
  const bool of_thread = timer.clock >= 0 || (timer.clock & kOfThread) != 0;
  const int number = timer.clock >= 0 ? 0 : ~(timer.clock >> 3);
  const std::vector<int> threads = host::guest_threads();
  const std::string which = "timer " + std::to_string(timer.id) + " runs on the processor time of ";
  if (!of_thread && number != 0 && number != getpid())
    throw TemporaryError(which + "process " + std::to_string(number) + "; only the process's own can be saved");
  if (of_thread && number == 0 && threads.size() > 1)
    throw TemporaryError(which + "a thread, and nobody tells of which: it was made by a system call past libc");
  if (of_thread && number != 0 && std::find(threads.begin(), threads.end(), number) == threads.end())
    throw TemporaryError(which + "thread " + std::to_string(number) + ", which has ended; timer_delete() helps");
}

bool is_on_process_time(int clock) {
  constexpr int kOfThread = 4;
  return clock < 0 ? (clock & kOfThread) == 0 : clock == CLOCK_PROCESS_CPUTIME_ID;
}

// The guest's clock of the process is saved without what the host has used for the checkpoint: that is left, too.
std::int64_t left_out_of_process_time() {
  return clock_now(CLOCK_PROCESS_CPUTIME_ID) + host::clock_ahead(CLOCK_PROCESS_CPUTIME_ID) -
         host::guest_processor_time();
}

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
  if (timer.value != 0 && is_on_process_time(timer.clock)) timer.value += left_out_of_process_time();
  return timer;
}

}  // namespace

std::vector<std::uint8_t> capture_timers(Capture& /*capture*/) {
  TimersState result;
  const auto text = read_file("/proc/self/timers");
  if (!text) return encode(result);  // a kernel without CONFIG_CHECKPOINT_RESTORE: timers cannot be seen
  const auto lines = split_lines(*text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!lines[i].starts_with("ID:")) continue;
    result.timers.push_back(parse_timer(lines, i));
    check_clock(result.timers.back());
  }
  return encode(result);
}

}  // namespace cairn::state
