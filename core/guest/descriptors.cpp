// SPDX-License-Identifier: Apache-2.0
// The host's descriptors are not there for the guest: it cannot close or replace them, neither those that the host
// keeps nor those that have a low number for a moment (turn.hpp). Signal-safe and vfork-safe.
#include "core/guest/descriptors.hpp"

#include <errno.h>
#include <limits.h>
#include <sys/syscall.h>

#include "core/base/raw_syscall.hpp"
#include "core/guest/export.hpp"
#include "core/guest/host.hpp"
#include "core/guest/real.hpp"
#include "core/guest/thread_state.hpp"
#include "core/guest/turn.hpp"

using namespace cairn;
using namespace cairn::guest;

namespace {

constexpr long kBad = -EBADF;

int to_errno(long result) {
  if (!is_error(result)) return static_cast<int>(result);
  errno = static_cast<int>(-result);
  return -1;
}

bool may_be_hosts(int fd) { return fd >= table().fd_base; }

// A number that may be the host's stays what it is until the call is through: no stop comes between.
class HighTurn {
  StopDeferred deferred_;
  Turn turn_{Turn::kCloses};
};

long replace(long number, int from, int to, int flags) {
  if (!may_be_hosts(from) && !may_be_hosts(to)) {
    const Turn turn(Turn::kCloses);
    return raw_syscall(number, from, to, flags);
  }
  const HighTurn turn;
  if (is_host_descriptor(from) || is_host_descriptor(to)) return kBad;
  return raw_syscall(number, from, to, flags);
}

// What is not the host's between `first` and `last`. The first call also checks the arguments, and unshares the table
// of descriptors if that is wanted.
long close_around_host(unsigned first, unsigned last, unsigned flags) {
  const HighTurn turn;
  for (unsigned at = first;; flags &= ~static_cast<unsigned>(kUnshare)) {
    const int next = at <= INT_MAX ? table().next_host_fd(static_cast<int>(at)) : INT_MAX;
    const bool found = next != INT_MAX && static_cast<unsigned>(next) <= last;
    const unsigned end = found ? static_cast<unsigned>(next) : last;
    // Nothing is at the highest number.
    const long result = found && end == at ? raw_syscall(SYS_close_range, INT_MAX, INT_MAX, flags)
                                           : raw_syscall(SYS_close_range, at, found ? end - 1 : end, flags);
    if (is_error(result) || !found || end == last) return result;
    at = end + 1;
  }
}

}  // namespace

namespace cairn::guest {

long close_descriptor(int fd) {
  if (!may_be_hosts(fd)) {
    const Turn turn(Turn::kCloses);
    return raw_syscall(SYS_close, fd);
  }
  const HighTurn turn;
  return is_host_descriptor(fd) ? kBad : raw_syscall(SYS_close, fd);
}

long close_descriptors(unsigned first, unsigned last, unsigned flags) {
  if (last >= static_cast<unsigned>(table().fd_base) && first <= last) return close_around_host(first, last, flags);
  const Turn turn(Turn::kCloses);
  return raw_syscall(SYS_close_range, first, last, flags);
}

int lowered_descriptor(int fd) {
  const Turn turn(Turn::kCloses);
  const bool keeps = (raw_syscall(SYS_fcntl, fd, F_GETFD) & FD_CLOEXEC) == 0;
  const long other = raw_syscall(SYS_fcntl, fd, keeps ? F_DUPFD : F_DUPFD_CLOEXEC, 0);
  if (is_error(other)) return fd;
  raw_syscall(SYS_close, other < fd ? fd : other);
  return other < fd ? static_cast<int>(other) : fd;
}

long replace_descriptor(int from, int to) { return replace(SYS_dup2, from, to, 0); }
long replace_descriptor(int from, int to, int flags) { return replace(SYS_dup3, from, to, flags); }

}  // namespace cairn::guest

CAIRN_INTERPOSE(int, close, (int fd)) {
  if (!hosted()) return real().close(fd);
  pthread_testcancel();
  return to_errno(close_descriptor(fd));
}

CAIRN_INTERPOSE(int, dup2, (int from, int to)) {
  if (!hosted()) return real().dup2(from, to);
  return to_errno(replace_descriptor(from, to));
}

CAIRN_INTERPOSE(int, dup3, (int from, int to, int flags)) {
  if (!hosted()) return real().dup3(from, to, flags);
  return to_errno(replace_descriptor(from, to, flags));
}

CAIRN_INTERPOSE(int, close_range, (unsigned first, unsigned last, int flags)) {
  if (!hosted()) return real().close_range(first, last, flags);
  return to_errno(close_descriptors(first, last, static_cast<unsigned>(flags)));
}

CAIRN_INTERPOSE(void, closefrom, (int first)) {
  if (!hosted()) return real().closefrom(first);
  close_descriptors(first < 0 ? 0 : static_cast<unsigned>(first), ~0U, 0);
}
