// SPDX-License-Identifier: Apache-2.0
// Writing to pipes, FIFOs, sockets and terminals: what waits for room has written a part of it when a stop comes.
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/guest/export.hpp"
#include "core/guest/interrupted.hpp"
#include "core/guest/partly_done.hpp"
#include "core/guest/real.hpp"

using namespace cairn;
using namespace cairn::guest;

namespace {

bool is_of_type(int fd, mode_t type) {
  struct stat status;
  return fstat(fd, &status) == 0 && (status.st_mode & S_IFMT) == type;
}

}  // namespace

CAIRN_INTERPOSE(ssize_t, write, (int fd, const void* buffer, size_t size)) {
  return written(buffer, size, [=](const void* rest, size_t left) { return real().write(fd, rest, left); });
}

CAIRN_INTERPOSE(ssize_t, writev, (int fd, const iovec* list, int count)) {
  if (!hosted() || count <= 0) return real().writev(fd, list, count);
  const auto call = [=](const iovec* rest, size_t left) { return real().writev(fd, rest, static_cast<int>(left)); };
  return transferred(list, static_cast<size_t>(count), call, always);
}

// What has an offset does not wait: only files have.
CAIRN_INTERPOSE(ssize_t, pwritev2, (int fd, const iovec* list, int count, off_t offset, int flags)) {
  if (!hosted() || count <= 0 || offset != -1) return real().pwritev2(fd, list, count, offset, flags);
  const auto call = [=](const iovec* rest, size_t left) {
    return real().pwritev2(fd, rest, static_cast<int>(left), -1, flags);
  };
  return transferred(list, static_cast<size_t>(count), call, always);
}
CAIRN_INTERPOSE_ALIAS(ssize_t, pwritev64v2, pwritev2, (int, const iovec*, int, off_t, int));

// The kernel keeps the offset, which is where the rest begins. To a pipe it writes what there is room for, and no more.
CAIRN_INTERPOSE(ssize_t, sendfile, (int to, int from, off_t* offset, size_t size)) {
  const auto call = [=](const iovec* rest, size_t) { return real().sendfile(to, from, offset, rest->iov_len); };
  const iovec whole{nullptr, size};
  return transferred(&whole, 1, call, [=](const BuffersLeft&) { return !is_of_type(to, S_IFIFO); });
}
CAIRN_INTERPOSE_ALIAS(ssize_t, sendfile64, sendfile, (int, int, off_t*, size_t));

// From a pipe to a socket all goes that is in the pipe, which is not waited for when it is empty then. In other
// directions the kernel waits for the first part alone.
CAIRN_INTERPOSE(ssize_t, splice, (int from, off_t* in, int to, off_t* out, size_t size, unsigned flags)) {
  unsigned now = flags;
  const auto call = [&](const iovec* rest, size_t) { return real().splice(from, in, to, out, rest->iov_len, now); };
  const iovec whole{nullptr, size};
  return transferred(&whole, 1, call, [&](const BuffersLeft&) {
    now = flags | SPLICE_F_NONBLOCK;
    return is_of_type(to, S_IFSOCK);
  });
}
