// SPDX-License-Identifier: Apache-2.0
// Signal masks: the guest cannot block the stop signal, nor wait for it; nor can it send it to itself. One who tries is
// told.
#include <errno.h>

#include "core/base/raw_syscall.hpp"
#include "core/guest/export.hpp"
#include "core/guest/host.hpp"
#include "core/guest/real.hpp"
#include "core/guest/signals.hpp"
#include "core/guest/stop.hpp"

using namespace cairn;
using namespace cairn::guest;

namespace cairn::guest {

// Sets of all signals, or of all real-time ones, have it as well, and mean nothing by it.
void tell_who_waits_for_stop_signal(const sigset_t* set) {
  if (set != nullptr && sigismember(set, CAIRN_STOP_SIGNAL) == 1 && sigismember(set, CAIRN_STOP_SIGNAL - 1) != 1)
    tell_about_stop_signal();
}

}  // namespace cairn::guest

namespace {

void tell_who_sends_stop_signal(int signal) {
  if (signal == CAIRN_STOP_SIGNAL && hosted()) tell_about_stop_signal();
}

}  // namespace

CAIRN_INTERPOSE(int, sigprocmask, (int how, const sigset_t* set, sigset_t* old)) {
  if (!hosted()) return real().sigprocmask(how, set, old);
  return real().sigprocmask(how, VisibleMask(set), old);
}

CAIRN_INTERPOSE(int, pthread_sigmask, (int how, const sigset_t* set, sigset_t* old)) {
  if (!hosted()) return real().pthread_sigmask(how, set, old);
  return real().pthread_sigmask(how, VisibleMask(set), old);
}

CAIRN_INTERPOSE(int, pthread_attr_setsigmask_np, (pthread_attr_t * attributes, const sigset_t* set)) {
  if (!hosted()) return real().pthread_attr_setsigmask_np(attributes, set);
  return real().pthread_attr_setsigmask_np(attributes, VisibleMask(set));
}

CAIRN_INTERPOSE(int, sighold, (int signal)) {
  if (!hosted() || signal != CAIRN_STOP_SIGNAL) return real().sighold(signal);
  errno = EINVAL;
  return -1;
}

CAIRN_INTERPOSE(int, sigwait, (const sigset_t* set, int* signal)) {
  if (!hosted()) return real().sigwait(set, signal);
  tell_who_waits_for_stop_signal(set);
  return real().sigwait(VisibleMask(set), signal);  // goes on by itself after a handler
}

CAIRN_INTERPOSE(int, signalfd, (int fd, const sigset_t* set, int flags)) {
  if (!hosted()) return real().signalfd(fd, set, flags);
  tell_who_waits_for_stop_signal(set);
  return real().signalfd(fd, VisibleMask(set), flags);
}

// The kernel's other ways of sending can be told from a stop by what comes with the signal (stop.cpp).
CAIRN_INTERPOSE(int, raise, (int signal)) {
  tell_who_sends_stop_signal(signal);
  return real().raise(signal);
}
CAIRN_INTERPOSE(int, gsignal, (int signal)) {
  tell_who_sends_stop_signal(signal);
  return real().gsignal(signal);
}
CAIRN_INTERPOSE(int, pthread_kill, (pthread_t thread, int signal)) {
  tell_who_sends_stop_signal(signal);
  return real().pthread_kill(thread, signal);
}
CAIRN_INTERPOSE(int, tgkill, (pid_t process, pid_t thread, int signal)) {
  if (process == own_pid()) tell_who_sends_stop_signal(signal);
  return real().tgkill(process, thread, signal);
}
