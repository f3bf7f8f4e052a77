// SPDX-License-Identifier: Apache-2.0
// Frozen-world code: also runs in the stop signal's handler.
#include "core/guest/chain.hpp"

#include "core/base/futex.hpp"
#include "core/guest/hooks.hpp"
#include "core/guest/libcr.h"
#include "core/guest/stop.hpp"
#include "core/guest/thread_state.hpp"

namespace cairn::guest {

int Chain::run() {
  Chain* outer = state.chain;
  state.chain = this;
  const int result = descend();
  state.chain = outer;
  return result;
}

int Chain::descend() {
  while (next_ != nullptr && next_->function == nullptr) next_ = next_->next;
  if (next_ == nullptr) return innermost_(0);
  Step step{next_, step_, false};
  next_ = next_->next;
  step_ = &step;
  const int returned = step.callback->function(step.callback->argument);
  // A callback that never asked stands for one that has nothing against the checkpoint, unless it says so.
  if (!step.reached) checkpoint(returned == 0 ? 0 : returned < 0 ? -returned : CR_EPERMFAIL);
  step_ = step.outer;
  return result_;
}

int Chain::checkpoint(int verdict) {
  if (step_ == nullptr || step_->reached) return -CR_ENOTCB;
  Step* const mine = step_;
  mine->reached = true;
  result_ = verdict == 0 ? descend() : innermost_(verdict);
  step_ = mine;
  return result_;
}

namespace {

int stand_still_and_run_hook(int verdict) {
  const int result = stand_still(verdict);
  if (state.runs_callbacks != 0) return result;  // has a hook of its own
  run_hook(result, state.callbacks != nullptr ? HookedThread::kSignalContext : HookedThread::kNoCallbacks);
  return result;
}

}  // namespace

void run_signal_callbacks() {
  uint32_t& count = cairn_guest_self.threads_in_callbacks;
  const bool counted = state.callbacks != nullptr;
  if (counted) __atomic_add_fetch(&count, 1, __ATOMIC_SEQ_CST);
  Chain chain(state.callbacks, stand_still_and_run_hook, true);
  const int result = chain.run();
  if (counted) {
    __atomic_sub_fetch(&count, 1, __ATOMIC_SEQ_CST);
    wake_all(count);
  }
  hold_if_asked(result);
}

}  // namespace cairn::guest
