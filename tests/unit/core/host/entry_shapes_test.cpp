// SPDX-License-Identifier: Apache-2.0
// What entries.table says about arguments is what libc's headers say: compared by the compiler. Left out are functions
// that headers do not declare (__NAME) and those with several declarations in C++.
#include <aio.h>
#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <getopt.h>
#include <glob.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <ifaddrs.h>
#include <libgen.h>
#include <malloc.h>
#include <mntent.h>
#include <net/if.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <pwd.h>
#include <search.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <syslog.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <type_traits>

namespace {

template <class T>
constexpr bool in_one_register = (std::is_integral_v<T> || std::is_pointer_v<T> || std::is_enum_v<T> ||
                                  std::is_same_v<T, in_addr> || std::is_null_pointer_v<T>)&&sizeof(T) <= 8;

template <class R, class... A>
constexpr bool in_registers(R (*)(A...)) {
  return sizeof...(A) <= 6 && (in_one_register<A> && ...);
}
template <class R, class... A>
constexpr bool in_registers(R (*)(A..., ...)) {
  return false;
}

#define CAIRN_IN_REGISTERS(name) static_assert(in_registers(::name), #name);
#include "core/host/entry_shapes.inc"

TEST(EntryShapes, AreThoseOfTheHeaders) {}  // the compiler has seen to it

}  // namespace
