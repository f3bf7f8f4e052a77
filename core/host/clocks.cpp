// SPDX-License-Identifier: Apache-2.0
#include "core/host/clocks.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <ctime>

#include "core/base/raw_syscall.hpp"
#include "core/host/vdso.hpp"
#include "core/state/resident.hpp"

namespace cairn::host {
namespace {

// The clock of a process or thread: its number, inverted, above three bits. Two of them are the kind of time, where 3
// means the clock of a descriptor.
constexpr int kOfThread = 4, kKind = 3, kOfDescriptor = 3;

BootClocks boot;
ProcessorTime processor;  // threads by number

std::int64_t dynamic_clock_ahead(int clock) noexcept {
  if ((clock & kKind) == kOfDescriptor) return 0;
  const int number = ~(clock >> 3);
  if ((clock & kOfThread) != 0) return thread_time_ahead(number != 0 ? number : own_tid()).processor;
  return number == 0 || number == own_pid() ? processor.processor : 0;
}

}  // namespace

void set_boot_clocks_ahead(const BootClocks& ahead) noexcept {
  boot = ahead;
  if (ahead.monotonic != 0 || ahead.boottime != 0 || ahead.raw != 0) shift_clocks();
}

void set_processor_time_ahead(ProcessorTime ahead) {
  std::sort(ahead.threads.begin(), ahead.threads.end(), [](const auto& a, const auto& b) { return a.tid < b.tid; });
  processor = std::move(ahead);
  shift_clocks();
}

BootClocks boot_clocks_ahead() noexcept { return boot; }

std::int64_t clock_ahead(clockid_t clock) noexcept {
  switch (clock) {
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_COARSE:
      return boot.monotonic;
    case CLOCK_MONOTONIC_RAW:
      return boot.raw;
    case CLOCK_BOOTTIME:
    case CLOCK_BOOTTIME_ALARM:
      return boot.boottime;
    case CLOCK_PROCESS_CPUTIME_ID:
      return processor.processor;
    case CLOCK_THREAD_CPUTIME_ID:
      return thread_time_ahead(own_tid()).processor;
    default:
      return clock < 0 ? dynamic_clock_ahead(clock) : 0;
  }
}

ThreadTime thread_time_ahead(int tid) noexcept {
  const auto& threads = processor.threads;
  const auto found = std::lower_bound(threads.begin(), threads.end(), tid,
                                      [](const ThreadTime& thread, int number) { return thread.tid < number; });
  return found != threads.end() && found->tid == tid ? *found : ThreadTime{};
}

cairn_usage usage_ahead(int who) noexcept {
  if (who == RUSAGE_SELF) return processor.own;
  if (who == RUSAGE_CHILDREN) return processor.children;
  const ThreadTime thread = thread_time_ahead(own_tid());
  return {thread.user_us, thread.system_us, {}};
}

void clocks_after_fork() noexcept { processor = {}; }

}  // namespace cairn::host
