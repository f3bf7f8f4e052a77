// SPDX-License-Identifier: Apache-2.0
// Frozen-world code. The functions that touch thread-local state are kept out of line: compilers take the thread
// pointer for something that never changes within a function.
#include "core/guest/trampoline.hpp"

#include <signal.h>
#include <ucontext.h>

#include "core/base/futex.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/guest/host.hpp"
#include "core/guest/kernel_signal.hpp"
#include "core/guest/stop.hpp"
#include "core/guest/system_v.hpp"
#include "core/guest/thread_state.hpp"

namespace cairn::guest {

ApplicationAction application_actions[65];

namespace {

using Handler = void (*)(int, siginfo_t*, void*);

// Code that runs before it is written down what a handler has interrupted, and after it was forgotten again.
#define CAIRN_BETWEEN __attribute__((noinline, section("cairn_between")))
extern "C" const char __start_cairn_between[] __attribute__((visibility("hidden")));
extern "C" const char __stop_cairn_between[] __attribute__((visibility("hidden")));

__attribute__((noinline)) void run_handler(int signal, siginfo_t* info, void* frame) {
  if (load(cairn_guest_self.stop_wanted) != 0) {  // it may have come too early
    show_semaphore_call(*static_cast<const ucontext_t*>(frame));
    stop_if_wanted();
  }
  state.handlers = state.handlers + 1;
  const uint64_t handler = load(application_actions[signal].handler);
  if (handler <= 1) return;
  const SemaphoreCallAside aside(*static_cast<const ucontext_t*>(frame));
  reinterpret_cast<Handler>(handler)(signal, info, frame);
}

// The same for a thread that is inside the host: it cannot be stopped before it has left the host, even while it
// runs the handler.
CAIRN_BETWEEN void run_handler_above_host(int signal, siginfo_t* info, ucontext_t* frame) {
  const void* const outer = state.host_frame;
  const uint64_t outer_floor = state.host_frame_floor;
  const uint64_t here = reinterpret_cast<uint64_t>(__builtin_frame_address(0));
  const uint64_t floor = reinterpret_cast<uint64_t>(frame->uc_stack.ss_sp);
  const bool alternate = (frame->uc_stack.ss_flags & SS_DISABLE) == 0 && here - floor < frame->uc_stack.ss_size;
  state.host_frame = __builtin_frame_address(0);
  state.host_frame_floor = alternate ? floor : 0;
  run_handler(signal, info, frame);
  state.host_frame = outer;
  state.host_frame_floor = outer_floor;
}

bool is_fault(int signal, const siginfo_t* info) {
  const bool kind = signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL || signal == SIGTRAP;
  return kind && info->si_code > 0;
}

// A thread of the host that no guest thread has borrowed. It blocks all signals, so that only a fault gets here
// in earnest: that ends the process as it would have without a handler. Anything else goes back to the process.
void return_to_process(int signal, siginfo_t* info, ucontext_t* frame) {
  if (is_fault(signal, info)) {
    KernelAction action{};
    raw_syscall(SYS_rt_sigaction, signal, address(&action), 0, sizeof action.mask);
    return;
  }
  *reinterpret_cast<uint64_t*>(&frame->uc_sigmask) |= signal_bit(signal);
  if (raw_syscall(SYS_rt_sigqueueinfo, own_pid(), signal, address(info)) != 0) raw_syscall(SYS_kill, own_pid(), signal);
}

// The host wants a thread stopped that blocks the stop signal (guest_abi.h).
[[gnu::always_inline]] inline bool is_stop_request(int signal, const siginfo_t* info) {
  return signal == CAIRN_STOP_SIGNAL_DEAF && info->si_code == SI_QUEUE &&
         info->si_value.sival_int == CAIRN_STOP_VALUE && info->si_pid == own_pid();
}

CAIRN_BETWEEN void trampoline(int signal, siginfo_t* info, void* frame) {
  if (is_stop_request(signal, info)) {
    stop_in_frame(frame);
    return;
  }
  const uint64_t fs = cairn_read_fs();
  if (fs < CAIRN_ARENA_TOP) {
    if (stands_above_host(*static_cast<ucontext_t*>(frame)))
      run_handler_above_host(signal, info, static_cast<ucontext_t*>(frame));
    else
      run_handler(signal, info, frame);
    return;
  }
  // What stands in for a guest's (crossing.h) shows that one; the host's shows itself.
  const uint64_t shown = cairn_own_fs();
  const auto place = static_cast<uint64_t>(table().host_guest_fs_offset);
  const uint64_t guest_fs = shown < CAIRN_ARENA_TOP ? shown : *reinterpret_cast<uint64_t*>(fs + place);
  if (guest_fs == 0) {
    return_to_process(signal, info, static_cast<ucontext_t*>(frame));
    return;
  }
  cairn_write_fs(guest_fs);
  run_handler_above_host(signal, info, static_cast<ucontext_t*>(frame));
  cairn_write_fs(fs);
}

}  // namespace

CAIRN_BETWEEN bool stands_above_host(const ucontext_t& frame) {
  const auto address_of = [](const void* p) { return reinterpret_cast<uint64_t>(p); };
  const auto at = static_cast<uint64_t>(frame.uc_mcontext.gregs[REG_RIP]);
  const auto stack = static_cast<uint64_t>(frame.uc_mcontext.gregs[REG_RSP]);
  if (at >= CAIRN_ARENA_TOP) return true;
  // A handler's first instruction (two signals came at once) and what comes after its last: its own frame tells.
  if (at == trampoline_address()) return stands_above_host(*reinterpret_cast<ucontext_t*>(stack + 8));
  if (at >= reinterpret_cast<uint64_t>(&cairn_restorer) && at < address_of(cairn_restorer_end))
    return stands_above_host(*reinterpret_cast<ucontext_t*>(stack));
  return at >= address_of(__start_cairn_between) && at < address_of(__stop_cairn_between);
}

const ucontext_t& interrupted_by(const ucontext_t& frame) {
  const ucontext_t* inner = &frame;
  while (static_cast<uint64_t>(inner->uc_mcontext.gregs[REG_RIP]) == trampoline_address())
    inner = reinterpret_cast<const ucontext_t*>(inner->uc_mcontext.gregs[REG_RSP] + 8);
  return *inner;
}

uint64_t trampoline_address() { return reinterpret_cast<uint64_t>(&trampoline); }

int is_own_handler(uint64_t handler) { return handler == trampoline_address() || is_stop_handler(handler) ? 1 : 0; }

}  // namespace cairn::guest
