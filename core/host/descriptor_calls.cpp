// SPDX-License-Identifier: Apache-2.0
// libc's functions that make and close descriptors, as the host's libraries find them: each asks the kernel, and moves
// the result to where the host's descriptors are, in a turn of the host's (descriptor_turn.hpp). Host threads.
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <cstdint>

#include "core/host/descriptors.hpp"
#include "core/host/entries.hpp"
#include "core/host/host.hpp"
#include "core/host/readable.hpp"

using namespace cairn;
using namespace cairn::host;

namespace {

template <class Call>
int made_pair(int* pair, Call call) noexcept {
  const DescriptorTurn turn;
  const RaisedLimit raised;
  const long result = call();
  if (is_error(result)) return set_errno(result);
  long high[2];
  for (int i = 0; i < 2; ++i) high[i] = moved_up(pair[i]);
  for (int i = 0; i < 2; ++i) {
    if (!is_error(high[i])) continue;
    if (!is_error(high[1 - i])) close(static_cast<int>(high[1 - i]));
    return set_errno(high[i]);
  }
  pair[0] = static_cast<int>(high[0]);
  pair[1] = static_cast<int>(high[1]);
  return 0;
}

// accept() chooses the number before it waits: it is called once there is something to accept.
template <class Call>
int accepted(int fd, Call call) noexcept {
  if ((raw_syscall(SYS_fcntl, fd, F_GETFL) & O_NONBLOCK) == 0) wait_until_readable(fd);
  return made(call);
}

mode_t mode_argument(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

#define CAIRN_OPEN(name)                                                                        \
  CAIRN_INTERPOSE int CAIRN_OWN(name)(const char* path, int flags, ...) {                       \
    va_list arguments;                                                                          \
    va_start(arguments, flags);                                                                 \
    const mode_t mode = mode_argument(flags, arguments);                                        \
    va_end(arguments);                                                                          \
    return made([=] { return raw_syscall(SYS_openat, AT_FDCWD, address(path), flags, mode); }); \
  }
#define CAIRN_OPENAT(name)                                                                       \
  CAIRN_INTERPOSE int CAIRN_OWN(name)(int directory, const char* path, int flags, ...) {         \
    va_list arguments;                                                                           \
    va_start(arguments, flags);                                                                  \
    const mode_t mode = mode_argument(flags, arguments);                                         \
    va_end(arguments);                                                                           \
    return made([=] { return raw_syscall(SYS_openat, directory, address(path), flags, mode); }); \
  }
CAIRN_OPEN(open)
CAIRN_OPEN(open64)
CAIRN_OPEN(__open_2)
CAIRN_OPEN(__open64_2)
CAIRN_OPENAT(openat)
CAIRN_OPENAT(openat64)

CAIRN_INTERPOSE int CAIRN_OWN(socket)(int domain, int type, int protocol) noexcept {
  return made([=] { return raw_syscall(SYS_socket, domain, type, protocol); });
}
CAIRN_INTERPOSE int CAIRN_OWN(socketpair)(int domain, int type, int protocol, int* pair) noexcept {
  return made_pair(pair, [=] { return raw_syscall(SYS_socketpair, domain, type, protocol, address(pair)); });
}
CAIRN_INTERPOSE int CAIRN_OWN(accept)(int fd, sockaddr* peer, socklen_t* length) {
  return accepted(fd, [=] { return raw_syscall(SYS_accept, fd, address(peer), address(length)); });
}
CAIRN_INTERPOSE int CAIRN_OWN(accept4)(int fd, sockaddr* peer, socklen_t* length, int flags) {
  return accepted(fd, [=] { return raw_syscall(SYS_accept4, fd, address(peer), address(length), flags); });
}
namespace {

// All descriptors of the host's are closed when a program is executed. The ends of a pipe that were made to be handed
// on to one (Open MPI's daemon, which a process without mpirun's variables starts) are not, there.
int made_pipe(int* pair, int flags) noexcept {
  const int result = made_pair(pair, [=] { return raw_syscall(SYS_pipe2, address(pair), flags); });
  if (result != 0 || (flags & O_CLOEXEC) != 0) return result;
  const DescriptorTurn turn;
  for (int i = 0; i < 2; ++i) note_for_program(pair[i]);
  return result;
}

}  // namespace

CAIRN_INTERPOSE int CAIRN_OWN(pipe)(int* pair) noexcept { return made_pipe(pair, 0); }
CAIRN_INTERPOSE int CAIRN_OWN(pipe2)(int* pair, int flags) noexcept { return made_pipe(pair, flags); }
CAIRN_INTERPOSE int CAIRN_OWN(execv)(const char* path, char* const* words) noexcept {
  hand_to_program();
  return set_errno(raw_syscall(SYS_execve, address(path), address(words), address(environ)));
}
CAIRN_INTERPOSE int CAIRN_OWN(execve)(const char* path, char* const* words, char* const* variables) noexcept {
  hand_to_program();
  return set_errno(raw_syscall(SYS_execve, address(path), address(words), address(variables)));
}
namespace {

// A duplicate asked for at a number of the caller's choice goes up like any other.
int control_descriptor(int fd, int command, long argument) noexcept {
  if (command != F_DUPFD && command != F_DUPFD_CLOEXEC) return set_errno(raw_syscall(SYS_fcntl, fd, command, argument));
  const DescriptorTurn turn;
  const RaisedLimit raised;
  return set_errno(copied_up(fd, argument));
}

}  // namespace

CAIRN_INTERPOSE int CAIRN_OWN(dup)(int fd) noexcept { return control_descriptor(fd, F_DUPFD, 0); }

#define CAIRN_FCNTL(name)                                         \
  CAIRN_INTERPOSE int CAIRN_OWN(name)(int fd, int command, ...) { \
    va_list arguments;                                            \
    va_start(arguments, command);                                 \
    const long argument = va_arg(arguments, long);                \
    va_end(arguments);                                            \
    return control_descriptor(fd, command, argument);             \
  }
CAIRN_FCNTL(fcntl)
CAIRN_FCNTL(fcntl64)
CAIRN_INTERPOSE int CAIRN_OWN(signalfd)(int fd, const sigset_t* mask, int flags) noexcept {
  const auto call = [=] { return raw_syscall(SYS_signalfd4, fd, address(mask), sizeof(std::uint64_t), flags); };
  return fd < 0 ? made(call) : set_errno(call());
}
CAIRN_INTERPOSE int CAIRN_OWN(epoll_create)(int size) noexcept {
  return made([=] { return raw_syscall(SYS_epoll_create, size); });
}
CAIRN_INTERPOSE int CAIRN_OWN(epoll_create1)(int flags) noexcept {
  return made([=] { return raw_syscall(SYS_epoll_create1, flags); });
}
CAIRN_INTERPOSE int CAIRN_OWN(eventfd)(unsigned count, int flags) noexcept {
  return made([=] { return raw_syscall(SYS_eventfd2, count, flags); });
}
CAIRN_INTERPOSE int CAIRN_OWN(timerfd_create)(int clock, int flags) noexcept {
  return made([=] { return raw_syscall(SYS_timerfd_create, clock, flags); });
}
CAIRN_INTERPOSE int CAIRN_OWN(pidfd_open)(pid_t process, unsigned flags) noexcept {
  return made([=] { return raw_syscall(SYS_pidfd_open, process, flags); });
}
CAIRN_INTERPOSE int CAIRN_OWN(inotify_init)() noexcept {
  return made([=] { return raw_syscall(SYS_inotify_init1, 0); });
}
CAIRN_INTERPOSE int CAIRN_OWN(inotify_init1)(int flags) noexcept {
  return made([=] { return raw_syscall(SYS_inotify_init1, flags); });
}
CAIRN_INTERPOSE int CAIRN_OWN(memfd_create)(const char* name, unsigned flags) noexcept {
  return made([=] { return raw_syscall(SYS_memfd_create, address(name), flags); });
}
CAIRN_INTERPOSE int CAIRN_OWN(shm_open)(const char* name, int flags, mode_t mode) {
  char path[256] = "/dev/shm/";
  std::size_t at = sizeof("/dev/shm/") - 1;
  while (*name == '/') ++name;
  while (*name != '\0' && at + 1 < sizeof path) path[at++] = *name++;
  if (*name != '\0') {
    errno = ENAMETOOLONG;
    return -1;
  }
  path[at] = '\0';
  return made([=] { return raw_syscall(SYS_openat, AT_FDCWD, address(path), flags | O_CLOEXEC | O_NOFOLLOW, mode); });
}
CAIRN_INTERPOSE int CAIRN_OWN(close)(int fd) {
  const DescriptorTurn turn;
  forget_descriptor(fd);
  return set_errno(raw_syscall(SYS_close, fd));
}
