/* SPDX-License-Identifier: Apache-2.0 */
/* Crossing from the guest into the host and back: swap the thread pointer.
 *
 *   uint64_t guest = cairn_enter();   // from here on: host fs. No guest TLS, errno, libc
 *   r = table->something(...);
 *   cairn_leave(guest);               // may stop here for a checkpoint
 *
 * Compile with -mfsgsbase -fno-stack-protector. Signal-safe: handlers of the guest find their own thread pointer
 * by themselves (core/guest). Not for use across a blocking host call, other than one that is certain to return
 * when a checkpoint is pending: a thread inside the host cannot be stopped.
 */
#ifndef CAIRN_ABI_CROSSING_H
#define CAIRN_ABI_CROSSING_H

#include <stdint.h>

#include "core/abi/guest_table.h"
#include "core/abi/thread_pointer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Volatile: another function, the stop signal's handler, changes it. */
extern __thread volatile uint64_t cairn_host_fs __attribute__((tls_model("initial-exec")));
extern struct cairn_guest cairn_guest_self;

uint64_t cairn_attach_thread(void); /* first crossing of a thread: finds its host fs and returns it */
void cairn_stop_here(void);         /* slow path of cairn_leave() */
int cairn_is_hosted(void);          /* 0: libcr was loaded in a process without a host */

/* A thread may be stopped here, between reading its host's thread pointer and using it, and be revived in another
 * host: the generation tells, and the thread pointer is looked up again. */
static inline uint64_t cairn_enter(void) {
  const uint64_t guest = cairn_own_fs();
  for (;;) {
    uint32_t generation = __atomic_load_n(&cairn_guest_self.generation, __ATOMIC_ACQUIRE);
    uint64_t host = cairn_host_fs;
    if (__builtin_expect(host == 0, 0)) host = cairn_attach_thread();
    cairn_write_fs(host);
    if (__builtin_expect(generation == __atomic_load_n(&cairn_guest_self.generation, __ATOMIC_RELAXED), 1))
      return guest;
    cairn_write_fs(guest);
  }
}

static inline void cairn_leave(uint64_t guest) {
  cairn_write_fs(guest);
  if (__builtin_expect(__atomic_load_n(&cairn_guest_self.stop_wanted, __ATOMIC_RELAXED) != 0, 0)) cairn_stop_here();
}

#ifdef __cplusplus
}
#endif
#endif
