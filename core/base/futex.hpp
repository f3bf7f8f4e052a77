// SPDX-License-Identifier: Apache-2.0
// Words that threads of both halves change and wait for (core/abi/guest_table.h). No libc, no thread-local storage: any
// thread, either thread pointer, signal handlers too.
#pragma once

#include <linux/futex.h>
#include <time.h>

#include <chrono>
#include <climits>
#include <cstdint>

#include "core/base/raw_syscall.hpp"

namespace cairn {

template <typename T>
T load(const T& word) noexcept {
  return __atomic_load_n(&word, __ATOMIC_ACQUIRE);
}
template <typename T>
void store(T& word, T value) noexcept {
  __atomic_store_n(&word, value, __ATOMIC_SEQ_CST);
}

// Wakes reach private and shared waiters, so that neither half has to know which kind the other uses.
inline void wake_all(const std::uint32_t& word) noexcept {
  raw_syscall(SYS_futex, address(&word), FUTEX_WAKE, INT_MAX);
  raw_syscall(SYS_futex, address(&word), FUTEX_WAKE_PRIVATE, INT_MAX);
}
inline void store_and_wake(std::uint32_t& word, std::uint32_t value) noexcept {
  store(word, value);
  wake_all(word);
}

// Until the word is not `seen`, at most `limit` (null: no limit); may return early.
inline void wait_while(const std::uint32_t& word, std::uint32_t seen, const timespec* limit = nullptr) noexcept {
  raw_syscall(SYS_futex, address(&word), FUTEX_WAIT_PRIVATE, static_cast<long>(seen), address(limit));
}
inline void wait_while(const std::uint32_t& word, std::uint32_t seen, std::chrono::milliseconds limit) noexcept {
  const timespec timeout{limit.count() / 1000, limit.count() % 1000 * 1000000};
  wait_while(word, seen, &timeout);
}

}  // namespace cairn
