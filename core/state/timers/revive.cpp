// SPDX-License-Identifier: Apache-2.0
#include <sys/prctl.h>

#include <algorithm>
#include <csignal>

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/state/timers/kind.hpp"

namespace cairn::state {
namespace {

constexpr int kRestoreTimerIds = 77;  // PR_TIMER_CREATE_RESTORE_IDS, since 6.15
constexpr int kHighestTimer = 1 << 16;

// What struct sigevent looks like to the kernel.
struct Event {
  std::uint64_t value;
  std::int32_t signal, notify, tid;
  std::int32_t padding[11];
};
static_assert(sizeof(Event) == 64);

// CPU clocks of a named process or thread carry its number, inverted, above three bits of kind.
int current_clock(const ThreadNumbers& numbers, int clock) {
  const int tid = ~(clock >> 3);
  if (clock >= 0 || tid == 0 || current_number(numbers, tid) == 0) return clock;
  return static_cast<int>(static_cast<unsigned>(~current_number(numbers, tid)) << 3) | (clock & 7);
}

// Without the kernel's help numbers are given in ascending order: the ones below are made and dropped.
void create_timer(const PosixTimer& timer, Event& event, bool ids) {
  const auto create = [&](int& id) {
    return raw_syscall(SYS_timer_create, timer.clock, reinterpret_cast<long>(&event), reinterpret_cast<long>(&id));
  };
  int id = timer.id;
  long result = create(id);
  for (int tries = 0; !ids && result == 0 && id != timer.id && tries < kHighestTimer; ++tries) {
    raw_syscall(SYS_timer_delete, id);
    if (id > timer.id) break;
    result = create(id);
  }
  if (result == 0 && id == timer.id) return;
  if (result == 0) raw_syscall(SYS_timer_delete, id);
  const std::string what = "cannot create the program's timer " + std::to_string(timer.id) + " again";
  if (result == 0) throw EnvironmentError(what + ": its number is in use");
  throw EnvironmentError(with_errno(what, static_cast<int>(-result)));
}

void arm(const PosixTimer& timer) {
  if (timer.value == 0 && timer.interval == 0) return;
  const std::int64_t value = std::max<std::int64_t>(timer.value, 1);
  const itimerspec setting{to_timespec(timer.interval), to_timespec(value)};
  raw_syscall(SYS_timer_settime, timer.id, 0, reinterpret_cast<long>(&setting), 0);
}

void restore_posix_timers(std::vector<PosixTimer> timers, const ThreadNumbers& numbers) {
  if (timers.empty()) return;
  std::sort(timers.begin(), timers.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  const bool ids = prctl(kRestoreTimerIds, 1, 0, 0, 0) == 0;
  for (PosixTimer& timer : timers) {
    Event event{};
    event.value = timer.argument;
    event.signal = timer.signal;
    event.notify = timer.notify;
    if (timer.tid != 0) {
      event.notify |= SIGEV_THREAD_ID;
      event.tid = current_number(numbers, timer.tid);
    }
    timer.clock = current_clock(numbers, timer.clock);
    create_timer(timer, event, ids);
  }
  if (ids) prctl(kRestoreTimerIds, 0, 0, 0, 0);
  for (const PosixTimer& timer : timers) arm(timer);
}

class TimersReviver : public Reviver {
 public:
  explicit TimersReviver(Restart& restart) : restart_(restart) {}
  void restore(Stage stage) override {
    if (stage == Stage::timers) restore_posix_timers(restart_.image.get<TimersState>().timers, restart_.numbers);
  }

 private:
  Restart& restart_;
};

}  // namespace

std::unique_ptr<Reviver> prepare_timers(Restart& restart) { return std::make_unique<TimersReviver>(restart); }

}  // namespace cairn::state
