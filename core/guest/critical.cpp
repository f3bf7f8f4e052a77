// SPDX-License-Identifier: Apache-2.0
// Signal-safe. A thread counts itself in before it looks whether it may enter, and the callback thread closes the
// gate before it looks at the count: one of the two sees the other.
#include "core/guest/critical.hpp"

#include "core/abi/crossing.h"
#include "core/base/futex.hpp"
#include "core/guest/thread_state.hpp"

namespace cairn::guest {
namespace {

uint32_t holders = 0;  // futex: threads in a critical section
uint32_t gate = 0;     // futex: 1 while no thread may enter one

constexpr timespec kLook{0, 50 * 1000 * 1000};  // between two looks whether the host has given up

void step_out() {
  __atomic_sub_fetch(&holders, 1, __ATOMIC_SEQ_CST);
  if (load(gate) != 0) wake_all(holders);
}

}  // namespace

void report_critical_section() { store(cairn_guest_self.cs_refused, 1); }

bool close_critical_gate(bool (*given_up)()) {
  store(gate, 1u);
  for (uint32_t seen; (seen = load(holders)) != 0;) {
    report_critical_section();
    if (given_up()) return false;
    wait_while(holders, seen, &kLook);
  }
  store(cairn_guest_self.cs_refused, 0);
  return true;
}

bool try_close_critical_gate() {
  __atomic_store_n(&gate, 1u, __ATOMIC_SEQ_CST);
  return __atomic_load_n(&holders, __ATOMIC_SEQ_CST) == 0;
}

void open_critical_gate() { store_and_wake(gate, 0); }

bool enter_critical_section(bool wait) {
  while (state.critical_depth == 0) {
    StopDeferred::begin();
    __atomic_add_fetch(&holders, 1, __ATOMIC_SEQ_CST);
    const bool pending = load(gate) != 0 || load(cairn_guest_self.stop_wanted) != 0;
    if (!pending || state.chain != nullptr) {
      state.critical_depth = 1;
      StopDeferred::end();
      return true;
    }
    step_out();
    StopDeferred::end();  // stops here if that is what is pending
    if (!wait) return false;
    if (load(gate) != 0) wait_while(gate, 1);
  }
  state.critical_depth = state.critical_depth + 1;
  return true;
}

bool leave_critical_section() {
  if (state.critical_depth == 0) return false;
  if (state.critical_depth > 1) {
    state.critical_depth = state.critical_depth - 1;
    return true;
  }
  StopDeferred deferred;
  state.critical_depth = 0;
  step_out();
  store(cairn_guest_self.cs_refused, 0);
  return true;
}

void reset_critical_sections() {
  holders = state.critical_depth != 0 ? 1 : 0;
  gate = 0;
}

}  // namespace cairn::guest
