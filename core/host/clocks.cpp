// SPDX-License-Identifier: Apache-2.0
#include "core/host/clocks.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <ctime>
#include <mutex>
#include <numeric>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/state/resident.hpp"

namespace cairn::host {
namespace {

// The clock of a process or thread: its number, inverted, above three bits. Two of them are the kind of time, where 3
// means the clock of a descriptor.
constexpr int kOfThread = 4, kKind = 3, kOfDescriptor = 3;

BootClocks boot;
ProcessorTime processor;          // threads by number
bool shifted = false;             // any of these
std::mutex beginning_and_ending;  // of work
std::int64_t last_told = 0;       // of the process's clock

// What a thread of the host's has used since then is not saved as the guest's.
struct Work {
  int tid = 0;  // 0: free
  std::int64_t since = 0;
};
constexpr int kWorks = 8;
Work works[kWorks];

// Nanoseconds; 0 if it has ended.
std::int64_t used_by_thread(int tid) noexcept {
  constexpr int kScheduled = 2;
  timespec now{};
  const int clock = static_cast<int>(~static_cast<unsigned>(tid) << 3) | kOfThread | kScheduled;
  return is_error(raw_syscall(SYS_clock_gettime, clock, address(&now))) ? 0 : nanoseconds(now);
}

std::int64_t used_by_host() noexcept {
  std::int64_t used = 0;
  for (const Work& work : works) {
    const int tid = __atomic_load_n(&work.tid, __ATOMIC_ACQUIRE);
    if (tid != 0) used += std::max<std::int64_t>(used_by_thread(tid) - work.since, 0);
  }
  return used;
}

std::int64_t used_by_guest_threads() {
  const std::vector<int> threads = guest_threads();
  return std::accumulate(threads.begin(), threads.end(), std::int64_t{0},
                         [](std::int64_t sum, int tid) { return sum + used_by_thread(tid); });
}

void note_told(std::int64_t time) noexcept {
  std::int64_t last = __atomic_load_n(&last_told, __ATOMIC_RELAXED);
  while (time > last &&
         !__atomic_compare_exchange_n(&last_told, &last, time, true, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
  }
}

bool is_own_process_clock(clockid_t clock) noexcept {
  if (clock == CLOCK_PROCESS_CPUTIME_ID) return true;
  if (clock >= 0 || (clock & kKind) == kOfDescriptor || (clock & kOfThread) != 0) return false;
  const int number = ~(clock >> 3);
  return number == 0 || number == own_pid();
}

std::int64_t dynamic_clock_ahead(int clock) noexcept {
  if ((clock & kKind) == kOfDescriptor) return 0;
  const int number = ~(clock >> 3);
  if ((clock & kOfThread) != 0) return thread_time_ahead(number != 0 ? number : own_tid()).processor;
  return is_own_process_clock(clock) ? __atomic_load_n(&processor.processor, __ATOMIC_RELAXED) : 0;
}

}  // namespace

void set_boot_clocks_ahead(const BootClocks& ahead) noexcept {
  boot = ahead;
  if (ahead.monotonic != 0 || ahead.boottime != 0 || ahead.raw != 0) {
    shifted = true;
  }
}

void set_processor_time_ahead(ProcessorTime ahead, std::int64_t processor_time) {
  std::sort(ahead.threads.begin(), ahead.threads.end(), [](const auto& a, const auto& b) { return a.tid < b.tid; });
  shifted = true;
  processor = std::move(ahead);
  processor.processor = processor_time - clock_now(CLOCK_PROCESS_CPUTIME_ID);
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
      return __atomic_load_n(&processor.processor, __ATOMIC_RELAXED);
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

bool clock_is_guests_own(clockid_t clock) noexcept { return shifted || clock < 0 || clock == CLOCK_PROCESS_CPUTIME_ID; }

std::int64_t clock_of_guest(clockid_t clock, std::int64_t kernels) noexcept {
  const std::int64_t time = kernels + clock_ahead(clock);
  if (is_own_process_clock(clock)) note_told(time);
  return time;
}

std::int64_t guest_processor_time() noexcept {
  const std::int64_t used = used_by_host();
  return std::max(clock_now(CLOCK_PROCESS_CPUTIME_ID) + processor.processor - used,
                  __atomic_load_n(&last_told, __ATOMIC_SEQ_CST));
}

HostWork::HostWork(std::int64_t since) noexcept {
  const std::lock_guard lock(beginning_and_ending);
  const int own = own_tid();
  if (std::any_of(std::begin(works), std::end(works), [own](const Work& work) { return work.tid == own; })) return;
  const auto* const free = std::find_if(std::begin(works), std::end(works), [](const Work& w) { return w.tid == 0; });
  if (free == std::end(works)) return;
  slot_ = static_cast<int>(free - works);
  works[slot_].since = since;
  __atomic_store_n(&works[slot_].tid, own, __ATOMIC_RELEASE);
}

HostWork::~HostWork() {
  if (slot_ < 0) return;
  const std::lock_guard lock(beginning_and_ending);
  __atomic_store_n(&works[slot_].tid, 0, __ATOMIC_RELEASE);
}

StandingProcessorClock::StandingProcessorClock()
    : stands_at_(clock_now(CLOCK_PROCESS_CPUTIME_ID) + processor.processor) {}

void StandingProcessorClock::threads_go_on() { used_by_threads_ = used_by_guest_threads(); }

void StandingProcessorClock::go_on() {
  const std::int64_t wanted = stands_at_ + used_by_guest_threads() - used_by_threads_;
  const std::int64_t told = __atomic_load_n(&last_told, __ATOMIC_SEQ_CST), now = clock_now(CLOCK_PROCESS_CPUTIME_ID);
  __atomic_store_n(&processor.processor, std::max(wanted, told) - now, __ATOMIC_SEQ_CST);
}

void clocks_after_fork() noexcept {
  processor = {};
  for (Work& work : works) work = {};
  last_told = 0;
}

}  // namespace cairn::host
