// SPDX-License-Identifier: Apache-2.0
#include "core/host/descriptor_turn.hpp"

#include <time.h>

#include <algorithm>

#include "core/base/futex.hpp"
#include "core/host/host.hpp"

namespace cairn::host {
namespace {

constexpr int kYields = 200;
// For a call that is not through yet, in steps of kStep. One that closes may close a number that the host has, as long
// as its thread has not got to it; one that makes a descriptor would get another number than it should.
constexpr timespec kStep{0, 200000};
constexpr int kStepsForClosing = 15000, kStepsForMaking = 2500;

struct Turns {
  std::uint32_t lock = 0;
  cairn_table* table = nullptr;
  std::uint32_t waits[CAIRN_TURNS] = {};  // what a turn of the guest's said that is not waited for any more
};
Turns turns;
thread_local int depth __attribute__((tls_model("initial-exec"))) = 0;

void lock() noexcept {
  constexpr timespec kMillisecond{0, 1000000};
  while (__atomic_exchange_n(&turns.lock, 1U, __ATOMIC_ACQUIRE) != 0) wait_while(turns.lock, 1, &kMillisecond);
}
void unlock() noexcept {
  __atomic_store_n(&turns.lock, 0U, __ATOMIC_RELEASE);
  raw_syscall(SYS_futex, address(&turns.lock), FUTEX_WAKE_PRIVATE, 1);
}

// Until `through()`, or for so many steps.
template <class Condition>
bool wait_until(int steps, Condition through) noexcept {
  for (int i = 0; i < kYields; ++i) {
    if (through()) return true;
    raw_syscall(SYS_sched_yield);
  }
  for (int step = 0; step < steps; ++step) {
    raw_syscall(SYS_nanosleep, address(&kStep), 0);
    if (through()) return true;
  }
  return false;
}

bool is_through(const std::uint32_t& word) noexcept { return (load(word) & CAIRN_TURN_MASK) == CAIRN_TURN_NONE; }

std::uint32_t used_by(const cairn_turns& guest) noexcept {
  return std::min<std::uint32_t>(load(guest.used), CAIRN_TURNS);
}

// A thread that the last turn of the host's kept waiting; it is woken, and must get hold of a processor.
void let_queued_go_first(const cairn_turns& guest) noexcept {
  for (std::uint32_t i = 0; i < used_by(guest); ++i) {
    const cairn_turn& turn = guest.of[i];
    const std::uint32_t queued = load(turn.queued);
    // It may have left the queue by a jump out of a handler, and forgotten about it.
    if (queued == 0 || (queued & ~CAIRN_TURN_MASK) != load(turn.word) || queued == turns.waits[i]) continue;
    if (!wait_until(kStepsForMaking, [&] { return load(turn.queued) != queued; })) turns.waits[i] = queued;
  }
}

void wait_for_guest(const cairn_turns& guest) noexcept {
  for (std::uint32_t i = 0; i < used_by(guest); ++i) {
    const std::uint32_t& word = guest.of[i].word;
    const std::uint32_t now = load(word), what = now & CAIRN_TURN_MASK;
    if (what == CAIRN_TURN_NONE || now == turns.waits[i]) continue;
    const int steps = what == CAIRN_TURN_MAKES ? kStepsForMaking : kStepsForClosing;
    if (!wait_until(steps, [&] { return is_through(word); })) turns.waits[i] = load(word);
  }
}

}  // namespace

// In a child that the guest has forked, and in one that writes an image, there is nobody else.
DescriptorTurn::DescriptorTurn() noexcept {
  if (depth++ > 0 || !is_original_process()) return;
  lock();
  locked_ = true;
  if (turns.table == nullptr || turns.table->turns == nullptr) return;
  told_ = true;
  let_queued_go_first(*turns.table->turns);
  __atomic_add_fetch(&turns.table->host_turns, 1, __ATOMIC_SEQ_CST);
  wait_for_guest(*turns.table->turns);
}

DescriptorTurn::~DescriptorTurn() {
  --depth;
  if (told_) {
    __atomic_add_fetch(&turns.table->host_turns, 1, __ATOMIC_SEQ_CST);
    raw_syscall(SYS_futex, address(&turns.table->host_turns), FUTEX_WAKE_PRIVATE, 0x7fffffff);
  }
  if (locked_) unlock();
}

void show_turns_in(cairn_table& table) noexcept { turns.table = &table; }

void turn_fork_prepare() noexcept {
  if (depth++ == 0) lock();
}
void turn_fork_parent() noexcept {
  if (--depth == 0) unlock();
}
void turn_fork_child() noexcept { turn_fork_parent(); }

}  // namespace cairn::host
