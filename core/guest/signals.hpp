// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <signal.h>

#include "core/abi/layout.h"

namespace cairn::guest {

// A copy of a mask of the application's without the stop signal. Keeps null.
class VisibleMask {
 public:
  explicit VisibleMask(const sigset_t* wanted) : given_(wanted != nullptr) {
    if (!given_) return;
    mask_ = *wanted;
    *reinterpret_cast<unsigned long*>(&mask_) &= ~(1UL << (CAIRN_STOP_SIGNAL - 1));
  }
  operator const sigset_t*() const { return given_ ? &mask_ : nullptr; }

 private:
  sigset_t mask_;
  bool given_;
};

// The application waits for these.
void tell_who_waits_for_stop_signal(const sigset_t* set);

// Of the two signals that libc keeps for itself, once it has handlers for them. Also in a handler.
void wrap_libc_handlers();

void reset_signal_lock();  // child of a fork

}  // namespace cairn::guest
