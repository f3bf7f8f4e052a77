// SPDX-License-Identifier: Apache-2.0
// The small calls of libcr.h: clients, status, critical sections, spinlocks, error texts.
#include <errno.h>
#include <string.h>

#include "core/base/futex.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/guest/chain.hpp"
#include "core/guest/critical.hpp"
#include "core/guest/export.hpp"
#include "core/guest/host.hpp"
#include "core/guest/libcr.h"
#include "core/guest/thread_state.hpp"

using namespace cairn;
using namespace cairn::guest;

namespace {

int fail(int error) {
  errno = error;
  return -1;
}

// A callback may pass CR_ID_CALLBACK, any thread the id that cr_init() gave it, which is the same for all.
constexpr cr_client_id_t kClient = 0;

bool known(cr_client_id_t id) { return id == kClient || (id == CR_ID_CALLBACK && state.chain != nullptr); }

const char* const texts[] = {
    "The checkpoint was given up; it may work later",
    "The process cannot be checkpointed",
    "No checkpoint support in one or more processes (not started through a host)",
    "Versions of library, host and caller do not match",
    "The process was left out of the checkpoint by a callback",
    "The context file belongs to another architecture",
    "A process is being traced by a debugger",
    "A process traces other processes",
    "The restart was given up",
    "The caller was restarted from this checkpoint",
    "Only a checkpoint callback may do this",
    "The calling thread has not called cr_init()",
};

}  // namespace

CAIRN_EXPORT cr_client_id_t cr_init(void) {
  if (!hosted()) return fail(CR_ENOSUPPORT);
  if (cairn_guest_self.threads == nullptr) return fail(ENOMEM);
  state.initialised = 1;
  return kClient;
}

CAIRN_EXPORT int cr_status(void) {
  if (state.initialised == 0 && state.chain == nullptr) return fail(CR_ENOINIT);
  if (state.chain != nullptr) return CR_STATE_ACTIVE;
  const cairn_guest& g = cairn_guest_self;
  const bool pending =
      load(g.stop_wanted) != 0 || load(g.callback_ask) != load(g.callback_done) || load(g.threads_in_callbacks) != 0;
  return pending ? CR_STATE_PENDING : CR_STATE_IDLE;
}

CAIRN_EXPORT int cr_enter_cs(cr_client_id_t id) {
  if (state.chain != nullptr) return 0;
  if (state.initialised == 0) return fail(CR_ENOINIT);
  if (!known(id)) return fail(EINVAL);
  enter_critical_section(true);
  return 0;
}

CAIRN_EXPORT int cr_tryenter_cs(cr_client_id_t id) {
  if (state.chain != nullptr) return 0;
  if (state.initialised == 0) return fail(CR_ENOINIT);
  if (!known(id)) return fail(EINVAL);
  return enter_critical_section(false) ? 0 : 1;
}

CAIRN_EXPORT int cr_leave_cs(cr_client_id_t id) {
  if (state.chain != nullptr) return 0;
  if (state.initialised == 0) return fail(CR_ENOINIT);
  if (!known(id) || !leave_critical_section()) return fail(EINVAL);
  return 0;
}

CAIRN_EXPORT int cr_forward_checkpoint(cr_scope_t, pid_t) { return fail(state.chain == nullptr ? CR_ENOTCB : ENOSYS); }

CAIRN_EXPORT int cr_inc_persist(void) { return state.initialised != 0 ? 0 : fail(CR_ENOINIT); }
CAIRN_EXPORT int cr_dec_persist(void) { return state.initialised != 0 ? 0 : fail(CR_ENOINIT); }

CAIRN_EXPORT const char* cr_strerror(int error) {
  const int own = error - CR_ETEMPFAIL;
  if (own >= 0 && own < static_cast<int>(sizeof texts / sizeof texts[0])) return texts[own];
  return strerror(error);
}

CAIRN_EXPORT void cr_spinlock_init(cr_spinlock_t* lock) { __atomic_store_n(lock, 0u, __ATOMIC_RELEASE); }
CAIRN_EXPORT int cr_spinlock_trylock(cr_spinlock_t* lock) {
  return __atomic_exchange_n(lock, 1u, __ATOMIC_ACQUIRE) == 0 ? 1 : 0;
}
CAIRN_EXPORT void cr_spinlock_lock(cr_spinlock_t* lock) {
  while (cr_spinlock_trylock(lock) == 0) raw_syscall(SYS_sched_yield);
}
CAIRN_EXPORT void cr_spinlock_unlock(cr_spinlock_t* lock) { __atomic_store_n(lock, 0u, __ATOMIC_RELEASE); }
