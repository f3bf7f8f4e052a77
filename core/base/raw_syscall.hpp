// SPDX-License-Identifier: Apache-2.0
// System calls without libc: no errno, no thread-local storage. Usable in both halves, with either thread pointer, in
// signal handlers and between stop and release. Results are the kernel's: -errno on failure.
#pragma once

#include <sys/syscall.h>

namespace cairn {

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

inline bool is_error(long result) noexcept {
  return static_cast<unsigned long>(result) >= static_cast<unsigned long>(-4095L);
}

// A pointer as an argument of raw_syscall().
template <typename T>
long address(T* pointer) noexcept {
  return reinterpret_cast<long>(pointer);
}

inline int own_tid() noexcept { return static_cast<int>(raw_syscall(SYS_gettid)); }
inline int own_pid() noexcept { return static_cast<int>(raw_syscall(SYS_getpid)); }
inline void signal_thread(int tid, int signal) noexcept { raw_syscall(SYS_tgkill, own_pid(), tid, signal); }

}  // namespace cairn
