// SPDX-License-Identifier: Apache-2.0
// The host's descriptors are not there for the guest: it cannot close or replace them. Signal-safe and vfork-safe.
#include <errno.h>
#include <sys/syscall.h>

#include "core/base/raw_syscall.hpp"
#include "core/guest/export.hpp"
#include "core/guest/host.hpp"
#include "core/guest/real.hpp"

using namespace cairn;
using namespace cairn::guest;

namespace {

constexpr unsigned kCloseOnExec = 1U << 2;  // CLOSE_RANGE_CLOEXEC

int bad_descriptor() {
  errno = EBADF;
  return -1;
}

int to_errno(long result) {
  if (!is_error(result)) return static_cast<int>(result);
  errno = static_cast<int>(-result);
  return -1;
}

struct DirectoryEntry {
  uint64_t inode;
  int64_t next;
  unsigned short size;
  unsigned char type;
  char name[];
};

long number_of(const char* name) {
  long n = 0;
  for (; *name >= '0' && *name <= '9'; ++name) n = n * 10 + (*name - '0');
  return *name == '\0' ? n : -1;
}

void close_one(int fd, unsigned flags) {
  if ((flags & kCloseOnExec) != 0) {
    raw_syscall(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC);
  } else {
    raw_syscall(SYS_close, fd);
  }
}

// The guest's own among the open descriptors from `first` to `last`, where the host has some too.
void close_mixed(unsigned first, unsigned last, unsigned flags) {
  const long directory =
      raw_syscall(SYS_openat, AT_FDCWD, address("/proc/self/fd"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (is_error(directory)) return;
  alignas(DirectoryEntry) char buffer[2048];
  long n;
  while ((n = raw_syscall(SYS_getdents64, directory, address(buffer), sizeof buffer)) > 0) {
    for (long at = 0; at < n;) {
      const auto* entry = reinterpret_cast<const DirectoryEntry*>(buffer + at);
      at += entry->size;
      const long fd = number_of(entry->name);
      if (fd < static_cast<long>(first) || fd > static_cast<long>(last) || fd == directory) continue;
      if (!is_host_descriptor(static_cast<int>(fd))) close_one(static_cast<int>(fd), flags);
    }
  }
  raw_syscall(SYS_close, directory);
}

int close_guest_range(unsigned first, unsigned last, unsigned flags) {
  const auto base = static_cast<unsigned>(table().fd_base);
  const unsigned below = last < base ? last : base - 1;
  // Also what checks the arguments, and what unshares the table of descriptors if that is wanted.
  const long result = first <= below || first > last
                          ? raw_syscall(SYS_close_range, first, first > last ? last : below, flags)
                          : raw_syscall(SYS_close_range, 0x7fffffff, 0x7fffffff, flags);
  if (is_error(result)) return to_errno(result);
  if (last >= base) close_mixed(first > base ? first : base, last, flags);
  return 0;
}

}  // namespace

CAIRN_INTERPOSE(int, close, (int fd)) {
  if (is_host_descriptor(fd)) return bad_descriptor();
  return real().close(fd);
}

CAIRN_INTERPOSE(int, dup2, (int from, int to)) {
  if (is_host_descriptor(from) || is_host_descriptor(to)) return bad_descriptor();
  return real().dup2(from, to);
}

CAIRN_INTERPOSE(int, dup3, (int from, int to, int flags)) {
  if (is_host_descriptor(from) || is_host_descriptor(to)) return bad_descriptor();
  return real().dup3(from, to, flags);
}

CAIRN_INTERPOSE(int, close_range, (unsigned first, unsigned last, int flags)) {
  if (!hosted()) return real().close_range(first, last, flags);
  return close_guest_range(first, last, static_cast<unsigned>(flags));
}

CAIRN_INTERPOSE(void, closefrom, (int first)) {
  if (!hosted()) return real().closefrom(first);
  close_guest_range(first < 0 ? 0 : static_cast<unsigned>(first), ~0U, 0);
}
