// SPDX-License-Identifier: Apache-2.0
// Waiting for words that both halves change (core/guest/guest_abi.h). Any thread, no thread-local storage.
#pragma once

#include <linux/futex.h>
#include <time.h>

#include <chrono>
#include <climits>
#include <cstdint>

#include "core/host/raw_syscall.hpp"

namespace cairn::host {

inline std::uint32_t load(const std::uint32_t& word) noexcept { return __atomic_load_n(&word, __ATOMIC_ACQUIRE); }
inline std::int32_t load(const std::int32_t& word) noexcept { return __atomic_load_n(&word, __ATOMIC_ACQUIRE); }

inline void wake_all(const std::uint32_t& word) noexcept {
  raw_syscall(SYS_futex, reinterpret_cast<long>(&word), FUTEX_WAKE, INT_MAX);
  raw_syscall(SYS_futex, reinterpret_cast<long>(&word), FUTEX_WAKE_PRIVATE, INT_MAX);
}

inline void store_and_wake(std::uint32_t& word, std::uint32_t value) noexcept {
  __atomic_store_n(&word, value, __ATOMIC_SEQ_CST);
  wake_all(word);
}

// Until the word is not `seen`, at most `limit`; may return early. Wakers on both sides wake both kinds.
inline void wait_while(const std::uint32_t& word, std::uint32_t seen, std::chrono::milliseconds limit) noexcept {
  timespec timeout{limit.count() / 1000, limit.count() % 1000 * 1000000};
  raw_syscall(SYS_futex, reinterpret_cast<long>(&word), FUTEX_WAIT_PRIVATE, static_cast<long>(seen),
              reinterpret_cast<long>(&timeout));
}

// A moment by which something must have happened.
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;
  explicit Deadline(double seconds)
      : end_(Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds))) {}
  bool passed() const noexcept { return Clock::now() >= end_; }
  double left() const noexcept { return std::chrono::duration<double>(end_ - Clock::now()).count(); }

 private:
  Clock::time_point end_;
};

}  // namespace cairn::host
