// SPDX-License-Identifier: Apache-2.0
// poll, select and epoll, unbroken by checkpoints (interrupted.hpp).
#include "core/guest/export.hpp"
#include "core/guest/interrupted.hpp"
#include "core/guest/real.hpp"
#include "core/guest/signals.hpp"

using namespace cairn;
using namespace cairn::guest;

CAIRN_INTERPOSE(int, poll, (pollfd * fds, nfds_t count, int milliseconds)) {
  if (!hosted() || milliseconds == 0) return real().poll(fds, count, milliseconds);
  const timespec limit = from_milliseconds(milliseconds);
  return repeated_for(milliseconds < 0 ? nullptr : &limit,
                      [=](const timespec* left) { return real().poll(fds, count, to_milliseconds(left)); });
}
CAIRN_INTERPOSE(int, __poll_chk, (pollfd * fds, nfds_t count, int milliseconds, size_t size)) {
  if (size / sizeof(pollfd) < count) __builtin_trap();  // what the fortified call checks
  return cairn_replaced_poll(fds, count, milliseconds);
}

CAIRN_INTERPOSE(int, ppoll, (pollfd * fds, nfds_t count, const timespec* limit, const sigset_t* mask)) {
  if (!hosted()) return real().ppoll(fds, count, limit, mask);
  const VisibleMask visible(mask);
  return repeated_for(limit, [&](const timespec* left) { return real().ppoll(fds, count, left, visible); });
}
CAIRN_INTERPOSE(int, __ppoll_chk,
                (pollfd * fds, nfds_t count, const timespec* limit, const sigset_t* mask, size_t size)) {
  if (size / sizeof(pollfd) < count) __builtin_trap();
  return cairn_replaced_ppoll(fds, count, limit, mask);
}

// Linux leaves the time that is left in `limit`.
CAIRN_INTERPOSE(int, select, (int count, fd_set* in, fd_set* out, fd_set* except, timeval* limit)) {
  if (!hosted() || (limit != nullptr && (limit->tv_usec < 0 || limit->tv_usec >= 1000000)))
    return real().select(count, in, out, except, limit);
  timespec wanted{};
  if (limit != nullptr) wanted = {limit->tv_sec, limit->tv_usec * 1000};
  TimeLeft left(limit != nullptr ? &wanted : nullptr);
  for (StopCheck check;; check.begin()) {
    if (limit != nullptr) *limit = {left.value()->tv_sec, (left.value()->tv_nsec + 999) / 1000};
    if (limit != nullptr && limit->tv_usec >= 1000000) *limit = {limit->tv_sec + 1, limit->tv_usec - 1000000};
    left.started();
    const int result = real().select(count, in, out, except, limit);
    if (result != -1 || !check.stopped_only()) return result;
    left.interrupted();
  }
}

CAIRN_INTERPOSE(int, pselect,
                (int count, fd_set* in, fd_set* out, fd_set* except, const timespec* limit, const sigset_t* mask)) {
  if (!hosted()) return real().pselect(count, in, out, except, limit, mask);
  const VisibleMask visible(mask);
  return repeated_for(limit,
                      [&](const timespec* left) { return real().pselect(count, in, out, except, left, visible); });
}

CAIRN_INTERPOSE(int, epoll_wait, (int fd, epoll_event* events, int count, int milliseconds)) {
  if (!hosted() || milliseconds == 0) return real().epoll_wait(fd, events, count, milliseconds);
  const timespec limit = from_milliseconds(milliseconds);
  return repeated_for(milliseconds < 0 ? nullptr : &limit, [=](const timespec* left) {
    return real().epoll_wait(fd, events, count, to_milliseconds(left));
  });
}
CAIRN_INTERPOSE(int, epoll_pwait, (int fd, epoll_event* events, int count, int milliseconds, const sigset_t* mask)) {
  if (!hosted()) return real().epoll_pwait(fd, events, count, milliseconds, mask);
  const VisibleMask visible(mask);
  const timespec limit = from_milliseconds(milliseconds);
  return repeated_for(milliseconds < 0 ? nullptr : &limit, [&](const timespec* left) {
    return real().epoll_pwait(fd, events, count, to_milliseconds(left), visible);
  });
}
CAIRN_INTERPOSE(int, epoll_pwait2,
                (int fd, epoll_event* events, int count, const timespec* limit, const sigset_t* mask)) {
  if (!hosted()) return real().epoll_pwait2(fd, events, count, limit, mask);
  const VisibleMask visible(mask);
  return repeated_for(limit,
                      [&](const timespec* left) { return real().epoll_pwait2(fd, events, count, left, visible); });
}
