// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/gate.hpp"

#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "mpi/crcp/now.hpp"

namespace cairn::crcp {

namespace {

constexpr long kWaitNanoseconds = 1'000'000;
constexpr int kSpins = 200;

void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t seen) noexcept {
  const timespec limit{0, kWaitNanoseconds};
  gate_words.waiters.fetch_add(1, std::memory_order_seq_cst);
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, seen, &limit, nullptr, 0);
  gate_words.waiters.fetch_sub(1, std::memory_order_seq_cst);
}

void wake_waiters() noexcept {
  if (gate_words.waiters.load(std::memory_order_seq_cst) == 0) return;
  syscall(SYS_futex, &gate_words.attention, FUTEX_WAKE_PRIVATE, 0x7fffffff, nullptr, nullptr, 0);
}

// inside is kSection on entry and on return; in between, whatever `back` says, until no bit of `mask` is set and this
// thread is the only one that may be in a section.
void enter_without(std::uint32_t mask, std::uint32_t back) noexcept {
  MpiThread& self = mpi_thread();
  for (;;) {
    const std::uint32_t seen = attention();
    if ((seen & mask) != 0) {
      unlock_to(back);
      wait_for_change(seen);
    } else if ((seen & kSeveral) != 0 && !self.locked.load(std::memory_order_relaxed)) {
      self.inside.store(back, std::memory_order_release);
      gate_words.section_lock.lock();
      self.locked.store(true, std::memory_order_relaxed);
    } else {
      return;
    }
    gate_store(kSection);
  }
}

}  // namespace

// Who polls comes again at once: a contender gets its turn first.
void unlock_section(std::uint32_t back) noexcept {
  MpiThread& self = mpi_thread();
  self.locked.store(false, std::memory_order_relaxed);
  self.inside.store(back, std::memory_order_release);
  gate_words.section_lock.unlock();
  if (others_wait()) sched_yield();
}

void gate_slow() noexcept {
  ++mpi_thread().entries;
  enter_without(kWanted | kClosed, kOut);
}

void brief_slow() noexcept {
  MpiThread& self = mpi_thread();
  ++self.entries;
  for (std::uint32_t seen = attention(); (seen & kCut) != 0; seen = attention()) {
    self.inside.store(kOut, std::memory_order_release);
    wait_for_change(seen);
    gate_store(kBrief);
  }
}

void lock_from(std::uint32_t back) noexcept {
  gate_store(kSection);
  enter_without(kWanted, back);
}

bool try_lock_from(std::uint32_t back) noexcept {
  const bool several = (attention() & kSeveral) != 0;
  if (several && !gate_words.section_lock.try_lock()) return false;
  mpi_thread().locked.store(several, std::memory_order_relaxed);
  gate_store(kSection);
  if ((attention() & (several ? kWanted : kWanted | kSeveral)) == 0) return true;
  unlock_to(back);
  return false;
}

void wait_for_change(std::uint32_t seen) noexcept {
  for (int i = 0; i < kSpins; ++i) {
    if (attention() != seen) return;
    __builtin_ia32_pause();
  }
  futex_wait(gate_words.attention, seen);
}

void gate_prepare() noexcept {
  const long supported = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
  const bool usable = supported > 0 && (supported & MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0 &&
                      syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
  gate_words.fenced = !usable;
  if (!usable) never_alone();
}

void attention_set(std::uint32_t bits) noexcept { gate_words.attention.fetch_or(bits, std::memory_order_seq_cst); }

void attention_clear(std::uint32_t bits) noexcept {
  gate_words.attention.fetch_and(~bits, std::memory_order_seq_cst);
  wake_waiters();
}

namespace {

// Of the callback thread. Sets `bit`, and waits until none is inside any more that has not seen it; false if one stays
// for `seconds`, and the bit is taken back.
bool keep_out(std::uint32_t bit, bool (*any_is_inside)() noexcept, double seconds) noexcept {
  attention_set(bit);
  if (!gate_words.fenced) syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
  const double until = now() + seconds;
  for (int i = 0; any_is_inside(); ++i) {
    if (i < kSpins) {
      __builtin_ia32_pause();
      continue;
    }
    sched_yield();
    if (now() > until) {
      attention_clear(bit);
      return false;
    }
  }
  return true;
}

}  // namespace

bool CallbackLock::acquire(double seconds) noexcept {
  if (held_) return true;
  if (!callback_thread) {
    callback_thread = true;
    gate_depth = 1;  // for good: this thread serves nothing else
  }
  held_ = keep_out(kWanted, any_in_section, seconds);
  return held_;
}

void CallbackLock::acquire_firmly() noexcept {
  constexpr double kLong = 1;
  while (!acquire(kLong)) {
  }
}

bool CallbackLock::keep_brief_out(double seconds) noexcept { return keep_out(kCut, any_in_brief, seconds); }

void CallbackLock::let_brief_in() noexcept { attention_clear(kCut); }

void CallbackLock::release() noexcept {
  if (!held_) return;
  held_ = false;
  attention_clear(kWanted);
}

}  // namespace cairn::crcp
