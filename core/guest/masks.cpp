// SPDX-License-Identifier: Apache-2.0
// Signal masks: the guest cannot block the stop signal, nor wait for it.
#include <errno.h>

#include "core/guest/export.hpp"
#include "core/guest/host.hpp"
#include "core/guest/real.hpp"
#include "core/guest/signals.hpp"

using namespace cairn;
using namespace cairn::guest;

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
  return real().sigwait(VisibleMask(set), signal);  // goes on by itself after a handler
}

CAIRN_INTERPOSE(int, signalfd, (int fd, const sigset_t* set, int flags)) {
  if (!hosted()) return real().signalfd(fd, set, flags);
  return real().signalfd(fd, VisibleMask(set), flags);
}
