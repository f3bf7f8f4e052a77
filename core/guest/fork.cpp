// SPDX-License-Identifier: Apache-2.0
// fork: the host's locks are held meanwhile, no stop comes between, and the child starts with one thread, no
// callbacks and no pending checkpoint.
#include "core/guest/fork.hpp"

#include <pthread.h>

#include "core/guest/callbacks.hpp"
#include "core/guest/critical.hpp"
#include "core/guest/export.hpp"
#include "core/guest/host.hpp"
#include "core/guest/open_handles.hpp"
#include "core/guest/real.hpp"
#include "core/guest/signals.hpp"
#include "core/guest/stop.hpp"
#include "core/guest/system_v.hpp"
#include "core/guest/thread_state.hpp"
#include "core/guest/timer_clocks.hpp"
#include "core/guest/turn.hpp"

namespace cairn::guest {
namespace {

// A thread that has no half in the host may have to stand still until it has one.
void begin_attached() {
  for (;;) {
    if (cairn_host_fs == 0) cairn_attach_thread();
    StopDeferred::begin();
    if (cairn_host_fs != 0) return;
    StopDeferred::end();
  }
}

void prepare() {
  begin_attached();
  const uint64_t guest = cairn_enter();
  table().fork_prepare();
  cairn_leave(guest);
}

void in_parent() {
  const uint64_t guest = cairn_enter();
  table().fork_parent();
  cairn_leave(guest);
  StopDeferred::end();
}

void in_child() {
  cairn_guest& g = cairn_guest_self;
  g.stop_wanted = 0;
  g.callback_done = g.callback_ask;
  g.callback_resume = g.callback_ask;
  g.cs_refused = 0;
  g.stopped = 0;
  reset_signal_lock();
  reset_callbacks();
  reset_critical_sections();
  reset_requests();
  reset_restarts();
  forget_slots();
  forget_turns();
  forget_timers();
  forget_semaphore_undo();
  const uint64_t guest = cairn_enter();
  table().fork_child();
  cairn_leave(guest);
  StopDeferred::end();
}

}  // namespace

void install_fork_handlers() { pthread_atfork(prepare, in_parent, in_child); }

}  // namespace cairn::guest

using namespace cairn;
using namespace cairn::guest;

CAIRN_INTERPOSE(pid_t, _Fork, (void)) {
  if (!hosted()) return real()._Fork();
  prepare();
  const pid_t child = real()._Fork();
  if (child == 0) {
    in_child();
  } else {
    in_parent();
  }
  return child;
}

// libc's vfork() where there is no host. A hosted child of vfork() would run in the parent's memory while the host
// and libcr take it for the parent: it gets a copy instead, as POSIX allows.
extern "C" __attribute__((visibility("hidden"), used)) void* cairn_vfork_target() {
  return hosted() ? reinterpret_cast<void*>(real().fork) : reinterpret_cast<void*>(real().vfork);
}
