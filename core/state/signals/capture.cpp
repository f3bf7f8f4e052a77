// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cstring>

#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/state/resident.hpp"
#include "core/state/signals/kind.hpp"
#include "core/state/signals/start.hpp"

namespace cairn::state {
namespace {

constexpr std::uint64_t kStandardSignals = (1ULL << 31) - 1;  // 1 to 31
// Both stop signals may still be pending while their thread stands. Sent again after a restart the second would be
// taken for libc's own use of it.
constexpr std::uint64_t kStopBits = 1ULL << (CAIRN_STOP_SIGNAL - 1) | 1ULL << (CAIRN_STOP_SIGNAL_DEAF - 1);

Action action_of(int number) {
  Action action;  // four words, in the kernel's order
  std::uint64_t words[4] = {};
  if (raw_syscall(SYS_rt_sigaction, number, 0, reinterpret_cast<long>(words), 8) == 0)
    action = {words[0], words[1], words[2], words[3]};
  if (action.handler >= CAIRN_ARENA_TOP) action = {};  // the host's libc's; the next host has its own
  return action;
}

// libc's own signals (cancellation, setuid() in threads): both halves' libcs install handlers for them, past
// everybody.
bool belongs_to_libc(int number) { return number == 32 || number == 33; }

std::uint64_t mask_field(const std::string& path, const char* name) {
  return to_number(field(read_file(path).value_or(""), name), 16) & ~kStopBits;
}

void note_numbers(std::uint64_t waiting, int tid, SignalsState& signals) {
  for (int number = 1; number <= signal_count; ++number) {
    if ((waiting >> (number - 1) & 1) == 0) continue;
    Pending pending;
    pending.tid = tid;
    pending.number = number;
    signals.pending.push_back(pending);
  }
}

// Real-time signals queued for the process as a whole are taken with their siginfo, and put back. The others stay:
// only the kernel may send most of them as they were sent, and one at most of each is pending anyway.
void take_process_signals(SignalsState& signals) {
  std::uint64_t waiting = mask_field("/proc/self/status", "ShdPnd");
  note_numbers(waiting & kStandardSignals, 0, signals);
  waiting &= ~kStandardSignals;
  const timespec no_wait{};
  while (waiting != 0) {
    Pending pending;
    const long number = raw_syscall(SYS_rt_sigtimedwait, reinterpret_cast<long>(&waiting),
                                    reinterpret_cast<long>(pending.info.data()), reinterpret_cast<long>(&no_wait), 8);
    if (number <= 0) return;
    pending.number = static_cast<std::int32_t>(number);
    pending.has_info = true;
    signals.pending.push_back(pending);
  }
}

// Those of one thread cannot be looked at by another: only the numbers are known.
void note_thread_signals(int tid, SignalsState& signals) {
  note_numbers(mask_field("/proc/self/task/" + std::to_string(tid) + "/status", "SigPnd"), tid, signals);
}

// Looks at pending signals by taking them out of the process's queue; the destructor puts them back.
class TakenSignals {
 public:
  TakenSignals() {
    for (int number = 1; number <= signal_count; ++number) state_.actions[number - 1] = action_of(number);
    for (int tid : host::guest_threads()) note_thread_signals(tid, state_);
    take_process_signals(state_);
  }
  ~TakenSignals() {
    for (const Pending& pending : state_.pending) {
      if (!pending.has_info) continue;
      const long result =
          raw_syscall(SYS_rt_sigqueueinfo, getpid(), pending.number, reinterpret_cast<long>(pending.info.data()));
      // One that kill() sent can only be sent by kill() again; its sender is then this process.
      if (is_error(result)) raw_syscall(SYS_kill, getpid(), pending.number);
    }
  }
  TakenSignals(const TakenSignals&) = delete;
  TakenSignals& operator=(const TakenSignals&) = delete;
  SignalsState& state() noexcept { return state_; }

 private:
  SignalsState state_;
};

}  // namespace

void check_handlers(const cairn_guest& guest) {
  for (int number = 1; number <= signal_count; ++number) {
    if (belongs_to_libc(number) || guest.is_own_handler == nullptr) continue;
    const Action action = action_of(number);
    // Without a handler of ours the stop signal would stop nobody, or end the program.
    if (action.handler <= 1 && number != CAIRN_STOP_SIGNAL) continue;
    if (!guest.is_own_handler(action.handler))
      throw PermanentError("raw handler for signal " + std::to_string(number) +
                           ": it was installed without the C library's sigaction()");
  }
}

std::vector<std::uint8_t> capture_signals(Capture& capture) {
  check_handlers(capture.guest);
  TakenSignals signals;
  signals.state().inherited = inherited_signals(capture.guest, signals.state());
  return encode(signals.state());
}

}  // namespace cairn::state
