// SPDX-License-Identifier: Apache-2.0
#include "core/guest/turn.hpp"

#include "core/base/futex.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/guest/stop.hpp"
#include "core/guest/thread_state.hpp"

namespace cairn::guest {
namespace {

constexpr int kLooks = 10000;  // a millisecond each
constexpr int kTries = 20;     // since the host may have found that a queue takes too long

cairn_turns turns;

bool is_hosts_turn() { return (load(table().host_turns) & 1) != 0; }

// A copy of the process that was made without libc's knowledge may find the host in the middle of a turn that never
// ends there: then it is false.
bool wait_for_host() {
  constexpr timespec kMillisecond{0, 1000000};
  const uint32_t seen = load(table().host_turns);
  for (int look = 0; (seen & 1) != 0 && load(table().host_turns) == seen; ++look) {
    if (look == kLooks) return false;
    wait_while(table().host_turns, seen, &kMillisecond);
  }
  return true;
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

// The turn's word says `what` once it is not the host's turn. It is given up meanwhile, so that the host gets through.
void insist(cairn_turn& turn, uint32_t what) {
  bool ends = true;
  for (int tries = 0;; ++tries) {
    __atomic_exchange_n(&turn.word, what, __ATOMIC_SEQ_CST);
    if (!is_hosts_turn() || tries == kTries || !ends) break;
    store(turn.queued, what);
    store(turn.word, what & ~static_cast<uint32_t>(CAIRN_TURN_MASK));
    ends = wait_for_host();
  }
  store(turn.queued, 0U);
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
  if (__builtin_expect(is_hosts_turn(), 0)) insist(*own, number | CAIRN_TURN_BEGINS);
  __atomic_store_n(&own->word, number | purpose, __ATOMIC_RELAXED);
  __asm__ volatile("" ::: "memory");
  word_ = &own->word;
  after_ = doing == CAIRN_TURN_NONE ? number : before;
}

bool Look::again() {
  if (!hosted()) return false;
  const uint32_t now = load(table().host_turns);
  if ((before_ == now && (now & 1) == 0) || ++tries_ == kTries || !wait_for_host()) return false;
  before_ = load(table().host_turns);
  return true;
}

void put_turn_aside() {
  if (state.turn == nullptr) return;
  state.turn_aside = load(state.turn->word);
  store(state.turn->queued, 0U);
  store(state.turn->word, state.turn_aside & ~static_cast<uint32_t>(CAIRN_TURN_MASK));
}

void take_turn_again() {
  if (state.turn == nullptr || (state.turn_aside & CAIRN_TURN_MASK) == CAIRN_TURN_NONE) return;
  insist(*state.turn, state.turn_aside);
}

void offer_turns() { table().turns = &turns; }

void end_turns() {
  cairn_turn* const own = state.turn;
  if (own == nullptr) return;
  state.turn = nullptr;
  store(own->word, static_cast<uint32_t>(CAIRN_TURN_NONE));
  store(own->queued, 0U);
  store(own->taken, 0U);
}

void forget_turns() {
  for (uint32_t i = 0; i < turns.used; ++i) {
    if (&turns.of[i] != state.turn) turns.of[i] = {};
  }
}

}  // namespace cairn::guest
