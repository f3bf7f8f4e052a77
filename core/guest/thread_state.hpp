// SPDX-License-Identifier: Apache-2.0
// What libcr keeps per guest thread. Initial-exec TLS: usable in signal handlers once they know that the thread
// pointer is the guest's.
#pragma once

#include <cstdint>

#include "core/abi/crossing.h"

namespace cairn::guest {

class Chain;
class Moment;
struct Callback;
struct SemaphoreCall;

struct ThreadState {
  cairn_thread* slot;         // claimed at the thread's first stop
  uint32_t defer;             // > 0: a stop signal is remembered by stop_wanted only; see StopDeferred
  uint32_t stop_signals;      // stop signals this thread has handled
  uint32_t handlers;          // handlers of the application this thread has run
  uint32_t critical_depth;    // nested cr_enter_cs()
  int64_t interrupted_at;     // CLOCK_MONOTONIC ns of the first stop signal since last set to 0
  const void* host_frame;     // stack address of the innermost handler that interrupted host code, or null
  uint64_t host_frame_floor;  // lowest address of the alternate stack that handler runs on; 0: the usual stack
  Chain* chain;               // running checkpoint callbacks, innermost
  Callback* callbacks;        // signal-context callbacks, last registered first
  int32_t hold;               // cr_hold_ctrl() of this thread, if hold_set
  uint32_t hold_set;
  uint32_t runs_callbacks;  // this is libcr's callback thread
  uint32_t initialised;     // cr_init() was called
  Moment* moments;          // of the wait the thread is in, innermost
  uint32_t key_set;         // the end-of-thread destructor is armed
  uint64_t rseq;            // the area that the program has registered itself (rseq(2)), or 0
  uint32_t rseq_size, rseq_signature;
  uint32_t dispatching;           // its system calls are dispatched (PR_SET_SYSCALL_USER_DISPATCH)
  uint32_t turn_aside;            // what `turn` said before the thread stood still
  cairn_turn* turn;               // turn.hpp; claimed at the thread's first
  SemaphoreCall* semaphore_call;  // system_v.hpp; innermost
};

extern __thread ThreadState state __attribute__((tls_model("initial-exec")));

// Stops here if a checkpoint is pending and nothing forbids it. Keeps errno.
void stop_if_wanted();

// While one exists the thread does not stop. For short calls of host code with the guest's thread pointer: a
// thread may not be saved inside the host.
class StopDeferred {
 public:
  StopDeferred() { begin(); }
  ~StopDeferred() { end(); }
  StopDeferred(const StopDeferred&) = delete;
  StopDeferred& operator=(const StopDeferred&) = delete;

  static void begin() {
    state.defer = state.defer + 1;
    __asm__ volatile("" ::: "memory");
  }
  static void end() {
    __asm__ volatile("" ::: "memory");
    state.defer = state.defer - 1;
    if (__builtin_expect(__atomic_load_n(&cairn_guest_self.stop_wanted, __ATOMIC_RELAXED) != 0, 0)) stop_if_wanted();
  }
};

}  // namespace cairn::guest
