// SPDX-License-Identifier: Apache-2.0
#include "core/guest/hooks.hpp"

#include <errno.h>

#include "core/base/futex.hpp"
#include "core/guest/export.hpp"
#include "core/guest/libcr.h"
#include "core/guest/thread_state.hpp"

namespace cairn::guest {
namespace {

cr_hook_fn_t hooks[CR_NUM_HOOKS];
int hold_initialised = CR_HOLD_NONE, hold_others = CR_HOLD_NONE;

int hold_flags() {
  if (state.initialised == 0) return load(hold_others);
  return state.hold_set != 0 ? state.hold : load(hold_initialised);
}

}  // namespace

void hold_if_asked(int result) {
  if (result < 0 || state.runs_callbacks != 0) return;  // it cannot wait for itself
  if ((hold_flags() & (result > 0 ? CR_HOLD_RSTRT : CR_HOLD_CONT)) == 0) return;
  const cairn_guest& g = cairn_guest_self;
  const uint32_t asked = load(g.callback_ask);
  for (uint32_t seen; (seen = load(g.callback_done)) != asked;) wait_while(g.callback_done, seen);
}

void run_hook(int result, HookedThread kind) {
  if (result < 0) return;
  const int event = (result > 0 ? CR_HOOK_RSTRT_SIGNAL_CONTEXT : CR_HOOK_CONT_SIGNAL_CONTEXT) + static_cast<int>(kind);
  const cr_hook_fn_t hook = __atomic_load_n(&hooks[event], __ATOMIC_ACQUIRE);
  if (hook != nullptr) hook(static_cast<cr_hook_event_t>(event));
}

}  // namespace cairn::guest

CAIRN_EXPORT cr_hook_fn_t cr_register_hook(cr_hook_event_t event, cr_hook_fn_t hook) {
  const bool known = static_cast<unsigned>(event) < CR_NUM_HOOKS;
  if (cairn::guest::state.initialised == 0 || !known || hook == CR_HOOK_FN_ERROR) {
    errno = cairn::guest::state.initialised == 0 ? CR_ENOINIT : EINVAL;
    return CR_HOOK_FN_ERROR;
  }
  return __atomic_exchange_n(&cairn::guest::hooks[event], hook, __ATOMIC_ACQ_REL);
}

CAIRN_EXPORT int cr_hold_ctrl(int scope, int flags) {
  using namespace cairn;
  using namespace cairn::guest;
  const bool thread = scope == CR_HOLD_SCOPE_THREAD;
  const bool valid =
      (flags >= CR_HOLD_NONE && flags <= CR_HOLD_BOTH) || flags == CR_HOLD_READ || (flags == CR_HOLD_DFLT && thread);
  if (state.initialised == 0 || scope < CR_HOLD_SCOPE_THREAD || scope > CR_HOLD_SCOPE_UNINIT || !valid) {
    errno = state.initialised == 0 ? CR_ENOINIT : EINVAL;
    return -1;
  }
  if (!thread) {
    int& shared = scope == CR_HOLD_SCOPE_INIT ? hold_initialised : hold_others;
    return flags == CR_HOLD_READ ? load(shared) : __atomic_exchange_n(&shared, flags, __ATOMIC_ACQ_REL);
  }
  const int before = state.hold_set != 0 ? state.hold : CR_HOLD_DFLT;
  if (flags != CR_HOLD_READ) {
    state.hold = flags;
    state.hold_set = flags != CR_HOLD_DFLT;
  }
  return before;
}
