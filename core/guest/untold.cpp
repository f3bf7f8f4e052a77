// SPDX-License-Identifier: Apache-2.0
// What the program sets by libc's functions and nobody can ask the kernel for afterwards: it is noted, for the host to
// refuse a checkpoint by name. What is set by system calls of the program's own is not seen. Any thread.
#include "core/guest/untold.hpp"

#include <linux/prctl.h>

#include "core/base/raw_syscall.hpp"
#include "core/guest/export.hpp"
#include "core/guest/host.hpp"
#include "core/guest/real.hpp"
#include "core/guest/stop.hpp"
#include "core/guest/thread_state.hpp"

using namespace cairn;
using namespace cairn::guest;

namespace {

uint32_t dispatching_threads = 0;

// A thread that ends is counted down.
void note_dispatch(bool on) {
  if (on == (state.dispatching != 0)) return;
  state.dispatching = on ? 1 : 0;
  if (on) arm_end_of_thread();
  const uint32_t threads = __atomic_add_fetch(&dispatching_threads, on ? 1 : -1U, __ATOMIC_SEQ_CST);
  if (threads == 0)
    __atomic_and_fetch(&cairn_guest_self.untold, ~uint64_t{CAIRN_UNTOLD_SYSCALL_DISPATCH}, __ATOMIC_SEQ_CST);
  // Also of a thread that has come in between.
  if (__atomic_load_n(&dispatching_threads, __ATOMIC_SEQ_CST) != 0)
    __atomic_or_fetch(&cairn_guest_self.untold, CAIRN_UNTOLD_SYSCALL_DISPATCH, __ATOMIC_SEQ_CST);
}

}  // namespace

void cairn::guest::dispatch_ends() { note_dispatch(false); }

// libc's takes what its options want; all of it is passed on. Noted before it is done: afterwards no system call may
// be possible.
CAIRN_INTERPOSE(int, prctl, (int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)) {
  const bool before = state.dispatching != 0;
  if (option == PR_SET_SYSCALL_USER_DISPATCH) note_dispatch(a != PR_SYS_DISPATCH_OFF);
  const int result = real().prctl(option, a, b, c, d);
  if (option == PR_SET_SYSCALL_USER_DISPATCH && result != 0) note_dispatch(before);
  return result;
}
