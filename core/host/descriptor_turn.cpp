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
constexpr int kStepsForClosing = 15000, kStepsForMaking = 250;

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

bool is_through(const std::uint32_t& word) noexcept { return (load(word) & CAIRN_TURN_MASK) == CAIRN_TURN_NONE; }

void wait_for(const std::uint32_t& word, std::uint32_t& given_up) noexcept {
  for (int i = 0; i < kYields; ++i) {
    if (is_through(word)) return;
    raw_syscall(SYS_sched_yield);
  }
  for (int step = 0; !is_through(word) && load(word) != given_up; ++step) {
    const bool makes = (load(word) & CAIRN_TURN_MASK) == CAIRN_TURN_MAKES;
    if (step >= (makes ? kStepsForMaking : kStepsForClosing)) {
      given_up = load(word);
      return;
    }
    raw_syscall(SYS_nanosleep, address(&kStep), 0);
  }
}

void wait_for_guest(const cairn_turns& guest) noexcept {
  const std::uint32_t used = std::min<std::uint32_t>(load(guest.used), CAIRN_TURNS);
  for (std::uint32_t i = 0; i < used; ++i) {
    const std::uint32_t word = load(guest.of[i].word);
    if ((word & CAIRN_TURN_MASK) != CAIRN_TURN_NONE && word != turns.waits[i])
      wait_for(guest.of[i].word, turns.waits[i]);
  }
}

}  // namespace

// In a child that the guest has forked, and in one that writes an image, there is nobody else.
DescriptorTurn::DescriptorTurn() noexcept {
  if (depth++ > 0 || turns.table == nullptr || turns.table->turns == nullptr || !is_original_process()) return;
  lock();
  told_ = true;
  __atomic_add_fetch(&turns.table->host_turns, 1, __ATOMIC_SEQ_CST);
  wait_for_guest(*turns.table->turns);
}

DescriptorTurn::~DescriptorTurn() {
  --depth;
  if (!told_) return;
  __atomic_add_fetch(&turns.table->host_turns, 1, __ATOMIC_SEQ_CST);
  raw_syscall(SYS_futex, address(&turns.table->host_turns), FUTEX_WAKE_PRIVATE, 0x7fffffff);
  unlock();
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
