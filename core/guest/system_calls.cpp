// SPDX-License-Identifier: Apache-2.0
// libc's syscall(), as libc has it but for the calls whose effect nobody can ask the kernel for afterwards: an area of
// rseq(2) is noted, to be registered again in a revived thread; rules of landlock(7) have checkpoints refused; those
// that close descriptors, of which the host has some; and two waits that a stop would end. Any thread.
#include <errno.h>
#include <linux/rseq.h>
#include <sys/syscall.h>

#include "core/base/raw_syscall.hpp"
#include "core/guest/descriptors.hpp"
#include "core/guest/export.hpp"
#include "core/guest/host.hpp"
#include "core/guest/interrupted.hpp"
#include "core/guest/thread_state.hpp"

using namespace cairn;
using namespace cairn::guest;

static_assert(SYS_rseq == 334 && SYS_landlock_restrict_self == 446);
static_assert(SYS_close == 3 && SYS_dup2 == 33 && SYS_dup3 == 292 && SYS_close_range == 436);
static_assert(SYS_pause == 34 && SYS_epoll_pwait2 == 441);

// Nothing is pushed: the program may make a call that goes on with another stack.
CAIRN_EXPORT __attribute__((naked)) long cairn_replaced_syscall() __asm__("syscall");
CAIRN_EXPORT __attribute__((naked)) long cairn_replaced_syscall() {
  __asm__(
      "cmp $334, %rdi\n"
      "je cairn_noted_system_call\n"
      "cmp $446, %rdi\n"
      "je cairn_noted_system_call\n"
      "cmp $3, %rdi\n"
      "je cairn_closing_system_call\n"
      "cmp $33, %rdi\n"
      "je cairn_closing_system_call\n"
      "cmp $292, %rdi\n"
      "je cairn_closing_system_call\n"
      "cmp $436, %rdi\n"
      "je cairn_closing_system_call\n"
      "cmp $34, %rdi\n"
      "je cairn_waiting_system_call\n"
      "cmp $441, %rdi\n"
      "je cairn_waiting_system_call\n"
      "mov %rdi, %rax\n"
      "mov %rsi, %rdi\n"
      "mov %rdx, %rsi\n"
      "mov %rcx, %rdx\n"
      "mov %r8, %r10\n"
      "mov %r9, %r8\n"
      "mov 8(%rsp), %r9\n"
      "syscall\n"
      "cmp $-4095, %rax\n"
      "jae 1f\n"
      "ret\n"
      "1: mov %rax, %rdi\n"
      "jmp cairn_failed_system_call\n");
}

extern "C" __attribute__((visibility("hidden"), used)) long cairn_failed_system_call(long result) {
  errno = static_cast<int>(-result);
  return -1;
}

extern "C" __attribute__((visibility("hidden"), used)) long cairn_noted_system_call(long number, long a, long b, long c,
                                                                                    long d) {
  const long result = raw_syscall(number, a, b, c, d);
  if (is_error(result)) return cairn_failed_system_call(result);
  if (number == SYS_landlock_restrict_self)
    __atomic_or_fetch(&cairn_guest_self.untold, CAIRN_UNTOLD_LANDLOCK, __ATOMIC_SEQ_CST);
  if (number != SYS_rseq) return result;
  const bool gone = (c & RSEQ_FLAG_UNREGISTER) != 0;
  state.rseq_size = static_cast<uint32_t>(b);
  state.rseq_signature = static_cast<uint32_t>(d);
  state.rseq = gone ? 0 : static_cast<uint64_t>(a);
  return result;
}

extern "C" __attribute__((visibility("hidden"), used)) long cairn_closing_system_call(long number, long a, long b,
                                                                                      long c) {
  const auto result = [&] {
    if (!hosted()) return raw_syscall(number, a, b, c);
    const auto first = static_cast<unsigned>(a), last = static_cast<unsigned>(b);
    if (number == SYS_close_range) return close_descriptors(first, last, static_cast<unsigned>(c));
    const int from = static_cast<int>(a), to = static_cast<int>(b);
    if (number == SYS_close) return close_descriptor(from);
    return number == SYS_dup2 ? replace_descriptor(from, to) : replace_descriptor(from, to, static_cast<int>(c));
  }();
  return is_error(result) ? cairn_failed_system_call(result) : result;
}

extern "C" __attribute__((visibility("hidden"), used)) long cairn_waiting_system_call(long number, long a, long b,
                                                                                      long c, long d, long e, long f) {
  const auto call = [=](const timespec* left) {
    const long result = raw_syscall(number, a, b, c, number == SYS_pause ? d : address(left), e, f);
    return is_error(result) ? cairn_failed_system_call(result) : result;
  };
  const auto* limit = number == SYS_pause ? nullptr : reinterpret_cast<const timespec*>(d);
  return hosted() ? repeated_for(limit, call) : call(limit);
}
