// SPDX-License-Identifier: Apache-2.0
// The host's descriptors live at or above fd_base(), so that the guest's first free descriptor does not depend on
// the transport; they are known by number. The libc functions that make descriptors are interposed here: each
// asks the kernel, then moves the result up.
#include "core/host/descriptors.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>

#include "core/base/error.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/host/host.hpp"

namespace cairn::host {
namespace {

constexpr int kTracked = 1 << 20;
std::atomic<std::uint64_t> owned[kTracked / 64];
int base = 0;

void mark(int fd, bool mine) noexcept {
  if (fd < 0 || fd >= kTracked) return;
  const std::uint64_t bit = 1UL << (fd % 64);
  if (mine) {
    owned[fd / 64].fetch_or(bit);
  } else {
    owned[fd / 64].fetch_and(~bit);
  }
}

int set_errno(long result) noexcept {
  if (!is_error(result)) return static_cast<int>(result);
  errno = static_cast<int>(-result);
  return -1;
}

// `result` is a system call's: a new descriptor or -errno.
int move_up(long result) noexcept {
  if (is_error(result) || base == 0) return set_errno(result);
  const int low = static_cast<int>(result);
  if (low >= base) {
    mark(low, true);
    return low;
  }
  const long flags = raw_syscall(SYS_fcntl, low, F_GETFD);
  const int command = (flags & FD_CLOEXEC) != 0 ? F_DUPFD_CLOEXEC : F_DUPFD;
  const long high = raw_syscall(SYS_fcntl, low, command, base);
  raw_syscall(SYS_close, low);
  if (!is_error(high)) mark(static_cast<int>(high), true);
  return set_errno(high);
}

int move_pair_up(long result, int* pair) noexcept {
  if (is_error(result)) return set_errno(result);
  for (int i = 0; i < 2; ++i) {
    const int high = move_up(pair[i]);
    if (high < 0) {
      const int error = errno;
      close(pair[1 - i]);
      errno = error;
      return -1;
    }
    pair[i] = high;
  }
  return 0;
}

}  // namespace

void choose_fd_base() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t soft = limit.rlim_cur == RLIM_INFINITY ? kTracked : limit.rlim_cur;
  if (soft < 128) throw EnvironmentError("the limit of open files (ulimit -n) is below 128: raise it");
  base = static_cast<int>(std::min<rlim_t>(soft / 4 * 3, 16384));
}

int fd_base() noexcept { return base; }

bool is_host_fd(int fd) noexcept {
  return fd >= base && fd >= 0 && fd < kTracked &&
         (owned[fd / 64].load(std::memory_order_relaxed) >> (fd % 64) & 1) != 0;
}

std::vector<int> guest_fds() {
  std::vector<int> result;
  const int directory = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) throw EnvironmentError(with_errno("/proc/self/fd", errno));
  alignas(dirent64) char buffer[8192];
  for (;;) {
    const long n = raw_syscall(SYS_getdents64, directory, reinterpret_cast<long>(buffer), sizeof buffer);
    if (n <= 0) break;
    for (long at = 0; at < n;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer + at);
      at += entry->d_reclen;
      if (entry->d_name[0] == '.') continue;
      const int fd = std::atoi(entry->d_name);
      if (!is_host_fd(fd)) result.push_back(fd);
    }
  }
  close(directory);
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace cairn::host

// The symbols that the host's libraries bind to. One line of system call each.
#define CAIRN_INTERPOSE extern "C" __attribute__((visibility("default")))
using cairn::raw_syscall;
using cairn::host::mark;
using cairn::host::move_pair_up;
using cairn::host::move_up;
using cairn::host::set_errno;

namespace {

long address(const void* p) { return reinterpret_cast<long>(p); }

mode_t mode_argument(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

#define CAIRN_OPEN(name)                                                           \
  CAIRN_INTERPOSE int name(const char* path, int flags, ...) {                     \
    va_list arguments;                                                             \
    va_start(arguments, flags);                                                    \
    const mode_t mode = mode_argument(flags, arguments);                           \
    va_end(arguments);                                                             \
    return move_up(raw_syscall(SYS_openat, AT_FDCWD, address(path), flags, mode)); \
  }
#define CAIRN_OPENAT(name)                                                          \
  CAIRN_INTERPOSE int name(int directory, const char* path, int flags, ...) {       \
    va_list arguments;                                                              \
    va_start(arguments, flags);                                                     \
    const mode_t mode = mode_argument(flags, arguments);                            \
    va_end(arguments);                                                              \
    return move_up(raw_syscall(SYS_openat, directory, address(path), flags, mode)); \
  }
CAIRN_OPEN(open)
CAIRN_OPEN(open64)
CAIRN_OPEN(__open_2)
CAIRN_OPEN(__open64_2)
CAIRN_OPENAT(openat)
CAIRN_OPENAT(openat64)

CAIRN_INTERPOSE int socket(int domain, int type, int protocol) noexcept {
  return move_up(raw_syscall(SYS_socket, domain, type, protocol));
}
CAIRN_INTERPOSE int socketpair(int domain, int type, int protocol, int* pair) noexcept {
  return move_pair_up(raw_syscall(SYS_socketpair, domain, type, protocol, address(pair)), pair);
}
CAIRN_INTERPOSE int accept(int fd, sockaddr* peer, socklen_t* length) {
  return move_up(raw_syscall(SYS_accept, fd, address(peer), address(length)));
}
CAIRN_INTERPOSE int accept4(int fd, sockaddr* peer, socklen_t* length, int flags) {
  return move_up(raw_syscall(SYS_accept4, fd, address(peer), address(length), flags));
}
CAIRN_INTERPOSE int pipe(int* pair) noexcept { return move_pair_up(raw_syscall(SYS_pipe, address(pair)), pair); }
CAIRN_INTERPOSE int pipe2(int* pair, int flags) noexcept {
  return move_pair_up(raw_syscall(SYS_pipe2, address(pair), flags), pair);
}
CAIRN_INTERPOSE int dup(int fd) noexcept { return move_up(raw_syscall(SYS_dup, fd)); }
namespace {

// A duplicate asked for at a number of the caller's choice goes up like any other.
int control_descriptor(int fd, int command, long argument) noexcept {
  if (command != F_DUPFD && command != F_DUPFD_CLOEXEC) return set_errno(raw_syscall(SYS_fcntl, fd, command, argument));
  const long least = std::max<long>(argument, cairn::host::fd_base());
  const long result = raw_syscall(SYS_fcntl, fd, command, least);
  if (!cairn::is_error(result)) mark(static_cast<int>(result), true);
  return set_errno(result);
}

}  // namespace

#define CAIRN_FCNTL(name)                              \
  CAIRN_INTERPOSE int name(int fd, int command, ...) { \
    va_list arguments;                                 \
    va_start(arguments, command);                      \
    const long argument = va_arg(arguments, long);     \
    va_end(arguments);                                 \
    return control_descriptor(fd, command, argument);  \
  }
CAIRN_FCNTL(fcntl)
CAIRN_FCNTL(fcntl64)
CAIRN_INTERPOSE int epoll_create(int size) noexcept { return move_up(raw_syscall(SYS_epoll_create, size)); }
CAIRN_INTERPOSE int epoll_create1(int flags) noexcept { return move_up(raw_syscall(SYS_epoll_create1, flags)); }
CAIRN_INTERPOSE int eventfd(unsigned count, int flags) noexcept {
  return move_up(raw_syscall(SYS_eventfd2, count, flags));
}
CAIRN_INTERPOSE int timerfd_create(int clock, int flags) noexcept {
  return move_up(raw_syscall(SYS_timerfd_create, clock, flags));
}
CAIRN_INTERPOSE int signalfd(int fd, const sigset_t* set, int flags) noexcept {
  constexpr long kSetSize = 8;  // the kernel's
  const long result = raw_syscall(SYS_signalfd4, fd, address(set), kSetSize, flags);
  return fd < 0 ? move_up(result) : set_errno(result);
}
CAIRN_INTERPOSE int pidfd_open(pid_t process, unsigned flags) noexcept {
  return move_up(raw_syscall(SYS_pidfd_open, process, flags));
}
CAIRN_INTERPOSE int inotify_init() noexcept { return move_up(raw_syscall(SYS_inotify_init1, 0)); }
CAIRN_INTERPOSE int inotify_init1(int flags) noexcept { return move_up(raw_syscall(SYS_inotify_init1, flags)); }
CAIRN_INTERPOSE int memfd_create(const char* name, unsigned flags) noexcept {
  return move_up(raw_syscall(SYS_memfd_create, address(name), flags));
}
CAIRN_INTERPOSE int shm_open(const char* name, int flags, mode_t mode) {
  char path[256] = "/dev/shm/";
  std::size_t at = sizeof("/dev/shm/") - 1;
  while (*name == '/') ++name;
  while (*name != '\0' && at + 1 < sizeof path) path[at++] = *name++;
  if (*name != '\0') {
    errno = ENAMETOOLONG;
    return -1;
  }
  path[at] = '\0';
  return move_up(raw_syscall(SYS_openat, AT_FDCWD, address(path), flags | O_CLOEXEC | O_NOFOLLOW, mode));
}
CAIRN_INTERPOSE int close(int fd) {
  mark(fd, false);
  return set_errno(raw_syscall(SYS_close, fd));
}
