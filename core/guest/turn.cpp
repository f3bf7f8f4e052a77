// SPDX-License-Identifier: Apache-2.0
#include "core/guest/turn.hpp"

#include "core/base/futex.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/guest/stop.hpp"
#include "core/guest/thread_state.hpp"

namespace cairn::guest {
namespace {

constexpr int kLooks = 10000;  // a millisecond each

cairn_turns turns;

bool is_hosts_turn() { return (load(table().host_turns) & 1) != 0; }

// A copy of the process that was made without libc's knowledge may find the host in the middle of a turn that never
// ends there.
void wait_for_host() {
  constexpr timespec kMillisecond{0, 1000000};
  const uint32_t seen = load(table().host_turns);
  for (int look = 0; look < kLooks && is_hosts_turn() && load(table().host_turns) == seen; ++look)
    wait_while(table().host_turns, seen, &kMillisecond);
}

// Of the calling thread; null before libcr has begun, and where too many threads are.
cairn_turn* take_word() {
  if (table().turns == nullptr) return nullptr;
  for (uint32_t i = 0; i < CAIRN_TURNS; ++i) {
    cairn_turn& turn = turns.of[i];
    uint32_t taken = 0;
    if (load(turn.taken) != 0 ||
        !__atomic_compare_exchange_n(&turn.taken, &taken, 1, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
      continue;
    for (uint32_t used = load(turns.used); used <= i;) {
      if (__atomic_compare_exchange_n(&turns.used, &used, i + 1, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) break;
    }
    state.turn = &turn;
    if (own_tid() != own_pid()) arm_end_of_thread();
    return state.turn;
  }
  return nullptr;
}

// `word` says `what` once it is not the host's turn. It is given up meanwhile, so that the host gets through.
void insist(uint32_t& word, uint32_t what) {
  for (int looks = 0;; ++looks) {
    __atomic_exchange_n(&word, what, __ATOMIC_SEQ_CST);
    if (!is_hosts_turn() || looks == 3) return;
    store(word, what & ~static_cast<uint32_t>(CAIRN_TURN_MASK));
    wait_for_host();
  }
}

}  // namespace

// Interrupted before the thread knows that it is its turn, it will look again: what it says until then must stay true
// after the handler, which may have waited for the host.
void Turn::begin(Purpose purpose) {
  cairn_turn* const own = __builtin_expect(state.turn != nullptr, 1) ? state.turn : take_word();
  if (own == nullptr) {
    wait_for_host();
    return;
  }
  const uint32_t before = own->word, doing = before & CAIRN_TURN_MASK;
  if (doing == CAIRN_TURN_CLOSES || doing == CAIRN_TURN_MAKES) return;
  const uint32_t number = (before & ~static_cast<uint32_t>(CAIRN_TURN_MASK)) + CAIRN_TURN_MASK + 1;
  __atomic_exchange_n(&own->word, number | CAIRN_TURN_BEGINS, __ATOMIC_SEQ_CST);
  if (__builtin_expect(is_hosts_turn(), 0)) insist(own->word, number | CAIRN_TURN_BEGINS);
  __atomic_store_n(&own->word, number | purpose, __ATOMIC_RELAXED);
  __asm__ volatile("" ::: "memory");
  word_ = &own->word;
  after_ = doing == CAIRN_TURN_NONE ? number : before;
}

void put_turn_aside() {
  if (state.turn == nullptr) return;
  state.turn_aside = load(state.turn->word);
  store(state.turn->word, state.turn_aside & ~static_cast<uint32_t>(CAIRN_TURN_MASK));
}

void take_turn_again() {
  if (state.turn == nullptr || (state.turn_aside & CAIRN_TURN_MASK) == CAIRN_TURN_NONE) return;
  insist(state.turn->word, state.turn_aside);
}

void offer_turns() { table().turns = &turns; }

void end_turns() {
  cairn_turn* const own = state.turn;
  if (own == nullptr) return;
  state.turn = nullptr;
  store(own->word, static_cast<uint32_t>(CAIRN_TURN_NONE));
  store(own->taken, 0U);
}

void forget_turns() {
  for (uint32_t i = 0; i < turns.used; ++i) {
    if (&turns.of[i] != state.turn) turns.of[i] = {};
  }
}

}  // namespace cairn::guest
