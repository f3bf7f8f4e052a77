// SPDX-License-Identifier: Apache-2.0
// Frozen-world code: also runs in the stop signal's handler.
#include "core/guest/chain.hpp"

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
  Level level{next_, level_, false};
  next_ = next_->next;
  level_ = &level;
  const int returned = level.callback->function(level.callback->argument);
  // A callback that never asked stands for one that has nothing against the checkpoint, unless it says so.
  if (!level.reached) checkpoint(returned == 0 ? 0 : returned < 0 ? -returned : CR_EPERMFAIL);
  level_ = level.outer;
  return result_;
}

int Chain::checkpoint(int verdict) {
  if (level_ == nullptr || level_->reached) return -CR_ENOTCB;
  Level* const mine = level_;
  mine->reached = true;
  result_ = verdict == 0 ? descend() : innermost_(verdict);
  level_ = mine;
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
  Chain chain(state.callbacks, stand_still_and_run_hook, true);
  hold_if_asked(chain.run());
}

}  // namespace cairn::guest
