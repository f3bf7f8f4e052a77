// SPDX-License-Identifier: Apache-2.0
// Signals with a value, past libc, which keeps some numbers for itself (sigqueue(3), rt_sigqueueinfo(2)). Usable as
// raw_syscall.hpp is. Results are the kernel's: -errno on failure.
#pragma once

#include <signal.h>

#include "core/base/raw_syscall.hpp"

namespace cairn {

inline siginfo_t queued_signal(int signal, int value) noexcept {
  siginfo_t info{};
  info.si_signo = signal;
  info.si_code = SI_QUEUE;
  info.si_pid = own_pid();
  info.si_uid = static_cast<uid_t>(raw_syscall(SYS_getuid));
  info.si_value.sival_int = value;
  return info;
}

inline long queue_signal(int pid, int signal, int value) noexcept {
  siginfo_t info = queued_signal(signal, value);
  return raw_syscall(SYS_rt_sigqueueinfo, pid, signal, address(&info));
}

inline long queue_signal_for_thread(int pid, int tid, int signal, int value) noexcept {
  siginfo_t info = queued_signal(signal, value);
  return raw_syscall(SYS_rt_tgsigqueueinfo, pid, tid, signal, address(&info));
}
// For a thread of this process.
inline long queue_signal_for_thread(int tid, int signal, int value) noexcept {
  return queue_signal_for_thread(own_pid(), tid, signal, value);
}

}  // namespace cairn
