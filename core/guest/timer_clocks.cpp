// SPDX-License-Identifier: Apache-2.0
#include "core/guest/timer_clocks.hpp"

#include <stdint.h>
#include <sys/mman.h>
#include <sys/timerfd.h>

#include "core/base/clock.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/guest/owners.hpp"
#include "core/guest/real.hpp"

namespace cairn::guest {
namespace {

// Each of one word, so that it is there whole or not at all: 0, or the kernel's number of the timer and one, above its
// clock. Blocks are never given back.
struct Block {
  static constexpr int kTimers = 255;
  uint64_t timers[kTimers];
  Block* next;
};
Block first;

constexpr uint64_t note_of(int number, clockid_t clock) {
  return (static_cast<uint64_t>(number) + 1) << 32 | static_cast<uint32_t>(clock);
}

// The kernel's number: libc's own, or, of a timer whose function runs in a thread (timer_t below zero), the first word
// of what libc keeps of it.
int kernel_number(timer_t timer) {
  const auto value = reinterpret_cast<intptr_t>(timer);
  return value >= 0 ? static_cast<int>(value) : *reinterpret_cast<const int*>(static_cast<uintptr_t>(value) << 1);
}

// The first for which `use` is true, or null.
template <class Use>
uint64_t* find(Use use) {
  for (Block* block = &first; block != nullptr; block = load(block->next)) {
    for (uint64_t& timer : block->timers) {
      if (use(timer)) return &timer;
    }
  }
  return nullptr;
}

uint64_t* find_note(timer_t timer) {
  const uint64_t wanted = note_of(kernel_number(timer), 0) >> 32;
  return find([wanted](const uint64_t& note) { return load(note) >> 32 == wanted; });
}

bool put(uint64_t note) {
  return find([note](uint64_t& place) {
           uint64_t none = 0;
           return __atomic_compare_exchange_n(&place, &none, note, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
         }) != nullptr;
}

// Behind the last. False if there is no memory.
bool add_block() {
  const long memory =
      raw_syscall(SYS_mmap, 0, sizeof(Block), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (is_error(memory)) return false;
  auto* const fresh = reinterpret_cast<Block*>(memory);
  Block* last = &first;
  for (Block* none = nullptr;
       !__atomic_compare_exchange_n(&last->next, &none, fresh, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
       none = nullptr)
    last = none;
  return true;
}

// The clock of a process or thread has its number, inverted, above three bits: two of them are the kind of time, 3 for
// a descriptor's.
constexpr int kOfThread = 4, kScheduled = 2, kKind = 3;

clockid_t thread_clock(int tid) {
  return static_cast<clockid_t>(~static_cast<unsigned>(tid) << 3 | kOfThread | kScheduled);
}

bool is_own_thread(clockid_t clock) {
  return clock == CLOCK_THREAD_CPUTIME_ID || (clock < 0 && (clock & kOfThread) != 0 && (clock >> 3) == -1);
}

// A thread or process has another number after a restart.
clockid_t as_of_now(clockid_t clock) {
  const int before = ~(clock >> 3);
  if (clock >= 0 || (clock & kKind) == kKind || before == 0) return clock;
  const int now = number_now(before);
  return now == 0 ? clock
                  : static_cast<clockid_t>(~static_cast<unsigned>(now) << 3 | (static_cast<unsigned>(clock) & 7));
}

int64_t kernel_time(clockid_t clock) {
  timespec now{};
  raw_syscall(SYS_clock_gettime, clock, address(&now));
  return nanoseconds(now);
}

}  // namespace

clockid_t named_clock(clockid_t clock) { return is_own_thread(clock) ? thread_clock(own_tid()) : clock; }

void note_timer(timer_t timer, clockid_t clock) {
  const uint64_t note = note_of(kernel_number(timer), clock);
  if (uint64_t* const old = find_note(timer); old != nullptr) return __atomic_store_n(old, note, __ATOMIC_SEQ_CST);
  while (!put(note)) {
    if (!add_block()) return;
  }
}

void forget_timer(timer_t timer) {
  if (uint64_t* const note = find_note(timer); note != nullptr) __atomic_store_n(note, 0, __ATOMIC_SEQ_CST);
}

void forget_timers() {
  find([](uint64_t& note) {
    note = 0;
    return false;
  });
}

clockid_t clock_of(timer_t timer) {
  const uint64_t* const note = find_note(timer);
  return note != nullptr ? as_of_now(static_cast<clockid_t>(static_cast<uint32_t>(load(*note)))) : CLOCK_REALTIME;
}

// How far away a moment is tells what the clock shows. Where two show the same, which is so until the machine sleeps,
// it is taken for the first.
bool find_clock_of_timerfd(int fd, clockid_t& clock, itimerspec& was) {
  constexpr int64_t kFar = INT64_MAX / 2;
  constexpr clockid_t kClocks[] = {CLOCK_MONOTONIC, CLOCK_BOOTTIME};
  const itimerspec far = {{0, 0}, to_timespec(kFar)};
  itimerspec left{};
  const int64_t before[] = {kernel_time(kClocks[0]), kernel_time(kClocks[1])};
  if (real().timerfd_settime(fd, TFD_TIMER_ABSTIME, &far, &was) != 0) return false;
  raw_syscall(SYS_timerfd_gettime, fd, address(&left));
  const int64_t then = kFar - nanoseconds(left.it_value);
  clock = CLOCK_REALTIME;
  for (int i = 1; i >= 0; --i) {
    if (then >= before[i] && then <= kernel_time(kClocks[i])) clock = kClocks[i];
  }
  return true;
}

}  // namespace cairn::guest
