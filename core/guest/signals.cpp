// SPDX-License-Identifier: Apache-2.0
// Signal dispositions. Ordinary code of the guest, signal-safe and vfork-safe as libc's.
//
// The kernel holds our trampoline and the application's flags and mask; application_actions holds what the
// application asked for. Whether an action is still in force is always asked of the kernel, which may have reset
// it (SA_RESETHAND).
#include "core/guest/signals.hpp"

#include <errno.h>
#include <signal.h>

#include "core/abi/crossing.h"
#include "core/base/futex.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/base/spin_lock.hpp"
#include "core/guest/export.hpp"
#include "core/guest/host.hpp"
#include "core/guest/kernel_signal.hpp"
#include "core/guest/real.hpp"
#include "core/guest/stop.hpp"
#include "core/guest/timer_clocks.hpp"
#include "core/guest/trampoline.hpp"

namespace cairn::guest {
namespace {

SpinLock lock;
uint64_t interrupting = 0;  // signals on which siginterrupt(s, 1) was called

uint64_t first_word(const sigset_t& set) { return *reinterpret_cast<const uint64_t*>(&set); }

bool is_of_faults(int signal) {
  return signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL || signal == SIGTRAP ||
         signal == SIGABRT || signal == SIGSYS;
}

bool libc_own(int signal) { return signal == 32 || signal == 33; }

int kernel_sigaction(int signal, const KernelAction* action, KernelAction* old) {
  return static_cast<int>(raw_syscall(SYS_rt_sigaction, signal, address(action), address(old), sizeof old->mask));
}

void report(const KernelAction& kernel, const ApplicationAction& asked, struct sigaction* old) {
  *old = {};
  const bool ours = kernel.handler == trampoline_address();
  const uint64_t handler = ours ? asked.handler : kernel.handler;
  old->sa_handler = reinterpret_cast<void (*)(int)>(handler);
  old->sa_flags = static_cast<int>(ours ? asked.flags : kernel.flags & ~kRestorerFlag);
  *reinterpret_cast<uint64_t*>(&old->sa_mask) = ours ? asked.mask : kernel.mask;
}

ApplicationAction as_asked(const struct sigaction& wanted) {
  return {reinterpret_cast<uint64_t>(wanted.sa_handler), static_cast<uint32_t>(wanted.sa_flags),
          first_word(wanted.sa_mask)};
}

// The stop signal's action is what the program has asked for to all appearance, and never done. A refusal would make
// programs that set the actions of all signals there are (the Go runtime) do it past libc. Who means this one, and has
// not set its neighbour's as well, is told now; others when it is sent.
int keep_for_show(const struct sigaction* wanted, struct sigaction* old) {
  ApplicationAction previous;
  {
    Locked locked(lock);
    previous = application_actions[CAIRN_STOP_SIGNAL];
    if (wanted != nullptr) application_actions[CAIRN_STOP_SIGNAL] = as_asked(*wanted);
  }
  if (old != nullptr) report({trampoline_address(), 0, 0, 0}, previous, old);
  const bool takes_all = (load(cairn_guest_self.chosen_signals) & signal_bit(CAIRN_STOP_SIGNAL - 1)) != 0;
  if (wanted != nullptr && wanted->sa_handler != SIG_DFL && !takes_all) tell_about_stop_signal();
  return 0;
}

}  // namespace

void reset_signal_lock() { lock.reset(); }

int change_action(int signal, const struct sigaction* wanted, struct sigaction* old) {
  if (signal == CAIRN_STOP_SIGNAL) return keep_for_show(wanted, old);
  if (signal < 1 || signal > CAIRN_STOP_SIGNAL || libc_own(signal)) {
    errno = EINVAL;
    return -1;
  }
  KernelAction action{}, before{};
  ApplicationAction asked{};
  if (wanted != nullptr) {
    asked = as_asked(*wanted);
    action = {asked.handler, asked.flags | kRestorerFlag, reinterpret_cast<uint64_t>(&cairn_restorer),
              asked.mask & ~signal_bit(CAIRN_STOP_SIGNAL)};
    if (asked.handler > 1) {
      action.handler = trampoline_address();
      action.flags |= SA_SIGINFO;
      if ((asked.flags & SA_ONSTACK) != 0 && !is_of_faults(signal)) stop_on_alternate_stacks();
    }
  }
  ApplicationAction previous;
  int result;
  {
    Locked locked(lock);
    previous = application_actions[signal];
    if (wanted != nullptr && asked.handler > 1) {
      application_actions[signal].flags = asked.flags;
      application_actions[signal].mask = asked.mask;
      store(application_actions[signal].handler, asked.handler);
    }
    result = kernel_sigaction(signal, wanted != nullptr ? &action : nullptr, &before);
    if (result < 0) application_actions[signal] = previous;
  }
  if (result < 0) {
    errno = -result;
    return -1;
  }
  if (wanted != nullptr) __atomic_or_fetch(&cairn_guest_self.chosen_signals, signal_bit(signal), __ATOMIC_SEQ_CST);
  if (old != nullptr) report(before, previous, old);
  return 0;
}

// libc installs handlers of its own for two signals when the first thread is made, behind sigaction(). Before that
// there is none to wrap, and no thread that needs one but those that libc makes for itself.
void wrap_libc_handlers() {
  for (int signal = 32; signal <= 33; ++signal) {
    KernelAction action{};
    Locked locked(lock);
    if (kernel_sigaction(signal, nullptr, &action) != 0 || action.handler <= 1) continue;
    if (action.handler == trampoline_address()) continue;
    application_actions[signal] = {action.handler, action.flags, action.mask};
    action.handler = trampoline_address();
    action.flags |= SA_SIGINFO | kRestorerFlag;
    action.restorer = reinterpret_cast<uint64_t>(&cairn_restorer);
    kernel_sigaction(signal, &action, nullptr);
  }
}

sighandler_t change_handler(int signal, sighandler_t handler, int flags, bool mask_itself) {
  struct sigaction wanted = {}, old = {};
  if (handler == SIG_ERR) {
    errno = EINVAL;
    return SIG_ERR;
  }
  wanted.sa_handler = handler;
  wanted.sa_flags = flags;
  if (mask_itself && signal >= 1 && signal <= 64) *reinterpret_cast<uint64_t*>(&wanted.sa_mask) = signal_bit(signal);
  return change_action(signal, &wanted, &old) == 0 ? old.sa_handler : SIG_ERR;
}

sighandler_t bsd_signal(int signal, sighandler_t handler) {
  const bool restart = signal < 1 || signal > 64 || (load(interrupting) & signal_bit(signal)) == 0;
  return change_handler(signal, handler, restart ? SA_RESTART : 0, true);
}

sighandler_t one_shot_signal(int signal, sighandler_t handler) {
  return change_handler(signal, handler, static_cast<int>(SA_RESETHAND | SA_NODEFER), false);
}

int set_interrupting(int signal, int flag) {
  struct sigaction action = {};
  if (change_action(signal, nullptr, &action) != 0) return -1;
  if (flag != 0) {
    __atomic_or_fetch(&interrupting, signal_bit(signal), __ATOMIC_SEQ_CST);
    action.sa_flags &= ~SA_RESTART;
  } else {
    __atomic_and_fetch(&interrupting, ~signal_bit(signal), __ATOMIC_SEQ_CST);
    action.sa_flags |= SA_RESTART;
  }
  return change_action(signal, &action, nullptr);
}

// SIG_HOLD is both a wish and an answer: the signal is (was) blocked.
sighandler_t xsi_sigset(int signal, sighandler_t handler) {
  if (signal < 1 || signal >= CAIRN_STOP_SIGNAL || libc_own(signal) || handler == SIG_ERR) {
    errno = EINVAL;
    return SIG_ERR;
  }
  sigset_t only, mask;
  sigemptyset(&only);
  sigaddset(&only, signal);
  struct sigaction old = {};
  if (handler == SIG_HOLD) {
    if (real().sigprocmask(SIG_BLOCK, &only, &mask) != 0 || change_action(signal, nullptr, &old) != 0) return SIG_ERR;
  } else {
    struct sigaction wanted = {};
    wanted.sa_handler = handler;
    if (change_action(signal, &wanted, &old) != 0 || real().sigprocmask(SIG_UNBLOCK, &only, &mask) != 0) return SIG_ERR;
  }
  return sigismember(&mask, signal) == 1 ? SIG_HOLD : old.sa_handler;
}

}  // namespace cairn::guest

using namespace cairn;
using namespace cairn::guest;

CAIRN_INTERPOSE(int, sigaction, (int signal, const struct sigaction* wanted, struct sigaction* old)) {
  if (!hosted()) return real().sigaction(signal, wanted, old);
  return change_action(signal, wanted, old);
}
CAIRN_INTERPOSE_ALIAS(int, __sigaction, sigaction, (int, const struct sigaction*, struct sigaction*));

CAIRN_INTERPOSE(sighandler_t, signal, (int signal, sighandler_t handler)) {
  return hosted() ? bsd_signal(signal, handler) : real().signal(signal, handler);
}
CAIRN_INTERPOSE(sighandler_t, bsd_signal, (int signal, sighandler_t handler)) {
  return hosted() ? bsd_signal(signal, handler) : real().signal(signal, handler);
}
CAIRN_INTERPOSE(sighandler_t, ssignal, (int signal, sighandler_t handler)) {
  return hosted() ? bsd_signal(signal, handler) : real().ssignal(signal, handler);
}
CAIRN_INTERPOSE(sighandler_t, sysv_signal, (int signal, sighandler_t handler)) {
  return hosted() ? one_shot_signal(signal, handler) : real().sysv_signal(signal, handler);
}
CAIRN_INTERPOSE(sighandler_t, __sysv_signal, (int signal, sighandler_t handler)) {
  return hosted() ? one_shot_signal(signal, handler) : real().sysv_signal(signal, handler);
}
CAIRN_INTERPOSE(int, siginterrupt, (int signal, int flag)) {
  return hosted() ? set_interrupting(signal, flag) : real().siginterrupt(signal, flag);
}
CAIRN_INTERPOSE(sighandler_t, sigset, (int signal, sighandler_t handler)) {
  return hosted() ? xsi_sigset(signal, handler) : real().sigset(signal, handler);
}
CAIRN_INTERPOSE(int, sigignore, (int signal)) {
  if (!hosted()) return real().sigignore(signal);
  return change_handler(signal, SIG_IGN, 0, false) == SIG_ERR ? -1 : 0;
}

// The guest's real-time signals end one below the stop signal.
CAIRN_INTERPOSE(int, __libc_current_sigrtmax, (void)) {
  return hosted() ? CAIRN_STOP_SIGNAL - 1 : real().__libc_current_sigrtmax();
}

CAIRN_INTERPOSE(int, pthread_create,
                (pthread_t * thread, const pthread_attr_t* attributes, void* (*function)(void*), void* argument)) {
  const int result = real().pthread_create(thread, attributes, function, argument);
  if (result == 0 && hosted()) wrap_libc_handlers();
  return result;
}

// libc makes a thread for SIGEV_THREAD behind pthread_create(). If the calling thread stops between the two, it wraps
// the handlers then.
CAIRN_INTERPOSE(int, timer_create, (clockid_t wanted, sigevent* event, timer_t* timer)) {
  if (!hosted()) return real().timer_create(wanted, event, timer);
  const clockid_t clock = named_clock(wanted);
  const int result = real().timer_create(clock, event, timer);
  if (result == 0 && event != nullptr && event->sigev_notify == SIGEV_THREAD) wrap_libc_handlers();
  if (result == 0) note_timer(*timer, clock);
  return result;
}
CAIRN_INTERPOSE(int, mq_notify, (mqd_t queue, const sigevent* event)) {
  if (event != nullptr)
    __atomic_or_fetch(&cairn_guest_self.untold, uint64_t{CAIRN_UNTOLD_NOTIFICATION}, __ATOMIC_SEQ_CST);
  const int result = real().mq_notify(queue, event);
  if (result == 0 && hosted() && event != nullptr && event->sigev_notify == SIGEV_THREAD) wrap_libc_handlers();
  return result;
}
