// SPDX-License-Identifier: Apache-2.0
// System calls and futexes without libc: usable with either thread pointer, in signal handlers and between stop
// and release. No errno: results are the kernel's (-errno on failure).
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>

#include <cstddef>
#include <cstdint>

namespace cairn::guest {

inline long raw(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

inline bool failed(long result) { return static_cast<unsigned long>(result) >= static_cast<unsigned long>(-4095L); }

template <typename T>
long address(T* p) {
  return reinterpret_cast<long>(p);
}

inline int own_tid() { return static_cast<int>(raw(SYS_gettid)); }
inline int own_pid() { return static_cast<int>(raw(SYS_getpid)); }
inline void signal_thread(int tid, int signal) { raw(SYS_tgkill, own_pid(), tid, signal); }

template <typename T>
T load(const T& word) {
  return __atomic_load_n(&word, __ATOMIC_ACQUIRE);
}
template <typename T>
void store(T& word, T value) {
  __atomic_store_n(&word, value, __ATOMIC_SEQ_CST);
}

// Host and guest wait for the same words; wakes reach private and shared waiters, so neither has to know which
// kind the other uses.
inline void wake(const uint32_t& word) {
  raw(SYS_futex, address(&word), FUTEX_WAKE, 0x7fffffff);
  raw(SYS_futex, address(&word), FUTEX_WAKE_PRIVATE, 0x7fffffff);
}
inline void store_and_wake(uint32_t& word, uint32_t value) {
  store(word, value);
  wake(word);
}
// May return early.
inline void wait_while(const uint32_t& word, uint32_t value, const timespec* limit = nullptr) {
  raw(SYS_futex, address(&word), FUTEX_WAIT_PRIVATE, value, address(limit));
}

inline int64_t monotonic_nanoseconds() {
  timespec now{};
  raw(SYS_clock_gettime, CLOCK_MONOTONIC, address(&now));
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

// Blocks every signal, the stop signal too, for a few instructions of bookkeeping that handlers share.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    const uint64_t all = ~0ULL;
    raw(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */, address(&all), address(&old_), sizeof old_);
  }
  ~AllSignalsBlocked() { raw(SYS_rt_sigprocmask, 2, address(&old_), 0, sizeof old_); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  uint64_t old_ = 0;
};

// A lock for short sections that run with all signals blocked. reset() is for the child of a fork.
class SpinLock {
 public:
  void lock() {
    while (__atomic_exchange_n(&held_, 1u, __ATOMIC_ACQUIRE) != 0) raw(SYS_sched_yield);
  }
  void unlock() { __atomic_store_n(&held_, 0u, __ATOMIC_RELEASE); }
  void reset() { __atomic_store_n(&held_, 0u, __ATOMIC_RELEASE); }

 private:
  uint32_t held_ = 0;
};

// Locks with all signals blocked.
class Locked {
 public:
  explicit Locked(SpinLock& lock) : lock_(lock) { lock_.lock(); }
  ~Locked() { lock_.unlock(); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  AllSignalsBlocked blocked_;
  SpinLock& lock_;
};

}  // namespace cairn::guest
