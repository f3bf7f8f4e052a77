/* SPDX-License-Identifier: Apache-2.0 */
/* The thread pointer (FS base) of the calling thread, read and written: by the instructions for that where the kernel
 * lets user space use them (FSGSBASE: Linux 5.9 and Ivy Bridge, or later), else by system calls. The host says which,
 * in its table, at start and again at every restart. Without FSGSBASE the instructions may exist all the same, as in
 * some virtual machines: then the kernel undoes them when it runs another thread.
 *
 * Only in processes with a host, once its table is there. Signal-safe; for either thread pointer. Compile with
 * -mfsgsbase -fno-stack-protector.
 */
#ifndef CAIRN_ABI_THREAD_POINTER_H
#define CAIRN_ABI_THREAD_POINTER_H

#include <asm/prctl.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "core/abi/host_table.h"

#ifdef __cplusplus
extern "C" {
#endif

static inline int cairn_thread_pointer_by_kernel(void) {
  return __builtin_expect(*(volatile uint32_t *)&CAIRN_TABLE->thread_pointer_by_kernel != 0, 0);
}

static inline uint64_t cairn_read_fs(void) {
  uint64_t v;
  if (cairn_thread_pointer_by_kernel()) {
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"((long)SYS_arch_prctl), "D"((long)ARCH_GET_FS), "S"(&v)
                     : "rcx", "r11", "memory");
  } else {
    __asm__ volatile("rdfsbase %0" : "=r"(v)::"memory");
  }
  return v;
}

static inline void cairn_write_fs(uint64_t v) {
  if (cairn_thread_pointer_by_kernel()) {
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"((long)SYS_arch_prctl), "D"((long)ARCH_SET_FS), "S"(v)
                     : "rcx", "r11", "memory");
  } else {
    __asm__ volatile("wrfsbase %0" ::"r"(v) : "memory");
  }
}

/* Of a thread that libc made: from its own descriptor, without the above. Volatile, since compilers take the thread
 * pointer for an invariant. */
static inline uint64_t cairn_own_fs(void) {
  uint64_t v;
  __asm__ volatile("mov %%fs:0x10,%0" : "=r"(v)::"memory");
  return v;
}

#ifdef __cplusplus
}
#endif
#endif
