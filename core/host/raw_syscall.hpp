// SPDX-License-Identifier: Apache-2.0
// System calls without libc: no errno, no thread-local storage, usable with either thread pointer.
// Returns what the kernel returns: -errno on failure.
#pragma once

#include <sys/syscall.h>

namespace cairn::host {

inline long raw_syscall(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) noexcept {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

inline bool is_error(long result) noexcept { return result < 0 && result > -4096; }

}  // namespace cairn::host
