// SPDX-License-Identifier: Apache-2.0
// Checkpoint callbacks run one inside the other: the last registered runs first, its cr_checkpoint() runs the next
// one, and the innermost cr_checkpoint() is the checkpoint itself. Used by libcr's callback thread (thread
// context) and in the stop signal's handler (signal context, frozen-world: callbacks do what a handler may).
#pragma once

#include <cstdint>

namespace cairn::guest {

struct Callback {
  Callback* next;
  int (*function)(void*);  // null: removed
  void* argument;
  int id;
};

class Chain {
 public:
  // `innermost` gets 0 or the CR_E... code of a refusal and returns what cr_checkpoint() is to return.
  Chain(Callback* first, int (*innermost)(int verdict), bool signal_context)
      : next_(first), innermost_(innermost), signal_context_(signal_context) {}

  int run();
  // The running callback's cr_checkpoint(). Not twice in one callback.
  int checkpoint(int verdict);
  bool in_signal_context() const { return signal_context_; }
  Callback* running() const { return step_ != nullptr ? step_->callback : nullptr; }

 private:
  struct Step {
    Callback* callback;
    Step* outer;
    bool reached;
  };

  int descend();

  Callback* next_;
  int (*innermost_)(int);
  Step* step_ = nullptr;
  int result_ = 0;
  bool signal_context_;
};

// Runs the calling thread's signal-context callbacks around the stop.
void run_signal_callbacks();

}  // namespace cairn::guest
