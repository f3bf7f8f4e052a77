/* SPDX-License-Identifier: Apache-2.0 */
/* Crossing from the guest into the host and back: swap the thread pointer.
 *
 *   uint64_t guest = cairn_enter();   // from here on: host fs. No guest TLS, errno, libc
 *   r = table->something(...);
 *   cairn_leave(guest);               // may stop here for a checkpoint
 *
 * The same for what is called often, of libraries that have no thread-local state: the thread pointer stays the
 * guest's, where that is known to be enough (cairn_table::crossing, docs/crossing.md); else it is a full crossing as
 * above.
 *
 *   uint64_t how = cairn_enter_light();
 *   r = function_of_the_mpi_library(...);
 *   cairn_leave_light(how);
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

/* Of a guest thread. The host's entries (core/host/entry_route.S) read it by these places. */
struct cairn_light {
  uint64_t host_fs; /* 0: the thread has no host half yet, or none in this host */
  uint64_t back_fs; /* the thread pointer that the library runs with: the guest's, or what stands in for it */
  uint32_t depth;   /* light crossings that the thread is in: it cannot be stopped */
  uint32_t unused;
  uint64_t own_address; /* once the thread has crossed */
};
extern __thread volatile struct cairn_light cairn_light __attribute__((tls_model("initial-exec")));

uint64_t cairn_attach_thread(void); /* first crossing of a thread: finds its host fs and returns it */
void cairn_stop_here(void);         /* slow path of cairn_leave() */
int cairn_is_hosted(void);          /* 0: libcr was loaded in a process without a host */

uint64_t cairn_enter_otherwise(void); /* slow path of cairn_enter_light() */
void cairn_leave_stand_in(void);      /* ... and of cairn_leave_light() */

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

/* Values that cairn_enter_light() returns; others are guests' thread pointers. */
#define CAIRN_ENTERED_LIGHT 0
#define CAIRN_ENTERED_STANDING_IN 1

/* What the host has given may be read once depth says that the thread is inside: no restart comes between. */
static inline uint64_t cairn_enter_light(void) {
  cairn_light.depth = cairn_light.depth + 1;
  __asm__ volatile("" ::: "memory");
  const uint32_t crossing = __atomic_load_n(&CAIRN_TABLE->crossing, __ATOMIC_RELAXED);
  if (__builtin_expect(crossing == CAIRN_CROSSING_LIGHT && cairn_light.host_fs != 0, 1)) return CAIRN_ENTERED_LIGHT;
  cairn_light.depth = cairn_light.depth - 1;
  return crossing == CAIRN_CROSSING_FULL ? cairn_enter() : cairn_enter_otherwise();
}

static inline void cairn_leave_light(uint64_t how) {
  if (__builtin_expect(how > CAIRN_ENTERED_STANDING_IN, 0)) {
    cairn_leave(how);
    return;
  }
  if (__builtin_expect(how == CAIRN_ENTERED_STANDING_IN, 0)) cairn_leave_stand_in();
  __asm__ volatile("" ::: "memory");
  cairn_light.depth = cairn_light.depth - 1;
  __asm__ volatile("" ::: "memory");
  if (__builtin_expect(__atomic_load_n(&cairn_guest_self.stop_wanted, __ATOMIC_RELAXED) != 0, 0)) cairn_stop_here();
}

#ifdef __cplusplus
}
#endif
#endif
