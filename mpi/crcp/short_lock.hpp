// SPDX-License-Identifier: Apache-2.0
// A lock for moments, whose holder runs, or would if it had a processor. Libc knows nothing of it: its own recursive
// locks keep thread numbers, which may be others after a restart. Any guest thread, or the callback thread.
#pragma once

#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace cairn::crcp {

class ShortLock {
 public:
  bool try_lock() noexcept {
    return !held_.load(std::memory_order_relaxed) && !held_.exchange(true, std::memory_order_acquire);
  }
  void lock() noexcept {
    if (!try_lock()) wait();
  }
  void unlock() noexcept { held_.store(false, std::memory_order_release); }
  // Somebody waits for it.
  bool wanted() const noexcept { return contenders_.load(std::memory_order_relaxed) != 0; }

 private:
  void wait() noexcept {
    constexpr int kSpins = 200, kYields = 1000;
    constexpr timespec kPause{0, 50'000};
    contenders_.fetch_add(1, std::memory_order_relaxed);
    for (int i = 0; !try_lock(); ++i) {
      if (i < kSpins)
        __builtin_ia32_pause();
      else if (i < kSpins + kYields)
        sched_yield();
      else
        syscall(SYS_nanosleep, &kPause, nullptr);  // the holder is of lower priority, perhaps
    }
    contenders_.fetch_sub(1, std::memory_order_relaxed);
  }

  std::atomic<bool> held_{false};
  std::atomic<std::uint32_t> contenders_{0};
};

}  // namespace cairn::crcp
