// SPDX-License-Identifier: Apache-2.0
// New descriptors get the lowest free number, as ever: not one above a number that the host has for a moment
// (turn.hpp). Signal-safe and vfork-safe as libc's.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "core/guest/export.hpp"
#include "core/guest/own_program.hpp"
#include "core/guest/real.hpp"
#include "core/guest/turn.hpp"

using namespace cairn;
using namespace cairn::guest;

// libc's `name` in a turn.
#define CAIRN_MAKES(result, name, parameters, arguments) \
  CAIRN_INTERPOSE(result, name, parameters) {            \
    const Turn turn(Turn::kMakes);                       \
    return real().name arguments;                        \
  }

namespace {

mode_t mode_of(int flags, va_list rest) { return __OPEN_NEEDS_MODE(flags) ? va_arg(rest, mode_t) : 0; }

}  // namespace

CAIRN_INTERPOSE(int, open, (const char* path, int flags, ...)) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = mode_of(flags, rest);
  va_end(rest);
  const Turn turn(Turn::kMakes);
  return real().open(meant_by(path, (flags & O_NOFOLLOW) == 0), flags, mode);
}
CAIRN_INTERPOSE_ALIAS(int, open64, open, (const char*, int, ...));
CAIRN_INTERPOSE_ALIAS(int, __open, open, (const char*, int, ...));
CAIRN_INTERPOSE_ALIAS(int, __open64, open, (const char*, int, ...));

CAIRN_INTERPOSE(int, openat, (int directory, const char* path, int flags, ...)) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = mode_of(flags, rest);
  va_end(rest);
  const Turn turn(Turn::kMakes);
  return real().openat(directory, meant_by(path, (flags & O_NOFOLLOW) == 0), flags, mode);
}
CAIRN_INTERPOSE_ALIAS(int, openat64, openat, (int, const char*, int, ...));

CAIRN_MAKES(int, __open_2, (const char* path, int flags), (meant_by(path, (flags & O_NOFOLLOW) == 0), flags))
CAIRN_INTERPOSE_ALIAS(int, __open64_2, __open_2, (const char*, int));
CAIRN_MAKES(int, __openat_2, (int directory, const char* path, int flags),
            (directory, meant_by(path, (flags & O_NOFOLLOW) == 0), flags))
CAIRN_INTERPOSE_ALIAS(int, __openat64_2, __openat_2, (int, const char*, int));
CAIRN_MAKES(int, creat, (const char* path, mode_t mode), (path, mode))
CAIRN_INTERPOSE_ALIAS(int, creat64, creat, (const char*, mode_t));

CAIRN_MAKES(int, dup, (int fd), (fd))
CAIRN_MAKES(int, pipe, (int* pair), (pair))
CAIRN_MAKES(int, pipe2, (int* pair, int flags), (pair, flags))
CAIRN_MAKES(int, socket, (int domain, int type, int protocol), (domain, type, protocol))
CAIRN_MAKES(int, socketpair, (int domain, int type, int protocol, int* pair), (domain, type, protocol, pair))
CAIRN_MAKES(int, epoll_create, (int size), (size))
CAIRN_MAKES(int, epoll_create1, (int flags), (flags))
CAIRN_MAKES(int, eventfd, (unsigned count, int flags), (count, flags))
CAIRN_MAKES(int, timerfd_create, (clockid_t clock, int flags), (clock, flags))
CAIRN_MAKES(int, inotify_init, (void), ())
CAIRN_MAKES(int, inotify_init1, (int flags), (flags))
CAIRN_MAKES(int, memfd_create, (const char* name, unsigned flags), (name, flags))
CAIRN_MAKES(int, shm_open, (const char* name, int flags, mode_t mode), (name, flags, mode))
CAIRN_MAKES(int, posix_openpt, (int flags), (flags))
CAIRN_MAKES(int, mkstemp, (char* path), (path))
CAIRN_INTERPOSE_ALIAS(int, mkstemp64, mkstemp, (char*));
CAIRN_MAKES(int, mkostemp, (char* path, int flags), (path, flags))
CAIRN_INTERPOSE_ALIAS(int, mkostemp64, mkostemp, (char*, int));
CAIRN_MAKES(FILE*, fopen, (const char* path, const char* mode), (meant_by(path), mode))
CAIRN_INTERPOSE_ALIAS(FILE*, fopen64, fopen, (const char*, const char*));
CAIRN_MAKES(FILE*, freopen, (const char* path, const char* mode, FILE* file), (meant_by(path), mode, file))
CAIRN_INTERPOSE_ALIAS(FILE*, freopen64, freopen, (const char*, const char*, FILE*));
CAIRN_MAKES(FILE*, tmpfile, (void), ())
CAIRN_INTERPOSE_ALIAS(FILE*, tmpfile64, tmpfile, (void));
CAIRN_MAKES(DIR*, opendir, (const char* path), (path))

// Other commands wait, or have no argument, or one that is no number: they go through as they are.
CAIRN_INTERPOSE(int, fcntl, (int fd, int command, ...)) {
  va_list rest;
  va_start(rest, command);
  void* const argument = va_arg(rest, void*);
  va_end(rest);
  if (__builtin_expect(fd >= 0 && hosted() && is_host_descriptor(fd), 0)) {
    errno = EBADF;
    return -1;
  }
  if (command == F_GETFD || command == F_GETFL) {
    Look look;
    int result = 0;
    do result = real().fcntl(fd, command);
    while (result >= 0 && look.again());
    return result;
  }
  if (command != F_DUPFD && command != F_DUPFD_CLOEXEC) return real().fcntl(fd, command, argument);
  const Turn turn(Turn::kMakes);
  return real().fcntl(fd, command, argument);
}
CAIRN_INTERPOSE_ALIAS(int, fcntl64, fcntl, (int, int, ...));
