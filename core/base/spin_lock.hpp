// SPDX-License-Identifier: Apache-2.0
// Locks for a few instructions of bookkeeping that signal handlers share, held with all signals blocked. No libc, no
// thread-local storage: either thread pointer, between stop and release too.
#pragma once

#include <cstdint>

#include "core/base/raw_syscall.hpp"

namespace cairn {

// Every signal, the stop signal too, for a scope.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() noexcept {
    const std::uint64_t all = ~0ULL;
    raw_syscall(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */, address(&all), address(&old_), sizeof old_);
  }
  ~AllSignalsBlocked() { raw_syscall(SYS_rt_sigprocmask, 2, address(&old_), 0, sizeof old_); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  std::uint64_t old_ = 0;
};

// reset() is for the child of a fork.
class SpinLock {
 public:
  void lock() noexcept {
    while (__atomic_exchange_n(&held_, 1u, __ATOMIC_ACQUIRE) != 0) raw_syscall(SYS_sched_yield);
  }
  void unlock() noexcept { __atomic_store_n(&held_, 0u, __ATOMIC_RELEASE); }
  void reset() noexcept { unlock(); }

 private:
  std::uint32_t held_ = 0;
};

// Holds a lock, with all signals blocked, for a scope.
class Locked {
 public:
  explicit Locked(SpinLock& lock) noexcept : lock_(lock) { lock_.lock(); }
  ~Locked() { lock_.unlock(); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  AllSignalsBlocked blocked_;
  SpinLock& lock_;
};

}  // namespace cairn
