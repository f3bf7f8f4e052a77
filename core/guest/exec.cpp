// SPDX-License-Identifier: Apache-2.0
// The exec family: what a guest executes becomes the guest of a new host. Signal-safe and vfork-safe as libc's.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/futex.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/guest/environment.hpp"
#include "core/guest/exec_image.hpp"
#include "core/guest/export.hpp"
#include "core/guest/host.hpp"
#include "core/guest/limits.hpp"
#include "core/guest/own_program.hpp"
#include "core/guest/path_search.hpp"
#include "core/guest/real.hpp"
#include "core/guest/stop.hpp"
#include "core/guest/tracer.hpp"

using namespace cairn;
using namespace cairn::guest;

namespace {

constexpr std::size_t kPathSize = 4096;
constexpr int kLooks = 1200, kMillisecondsOfLook = 50;  // for a checkpoint to be taken

// Until no checkpoint of this process is taken: the host, which would go with the program, may still write it.
void let_checkpoint_end() {
  const auto self = static_cast<uint32_t>(raw_syscall(SYS_getpid));  // a child of vfork, too, has one of its own
  for (int look = 0; look < kLooks && load(table().taken) == self; ++look)
    wait_while(table().taken, self, std::chrono::milliseconds(kMillisecondsOfLook));
}

// A checkpoint may send the stop signal while a program is executed, and a copy that fork made may be asked for a host
// by it at any time: it would end what is executed, which has no handler for it. So what is on its way is kept until
// the next libcr has its own, or, where there will be none, ignored; and the mark by which a copy is known goes before.
class LeavesProgram {
 public:
  enum Successor { kHosted, kNative };
  explicit LeavesProgram(Successor successor) : successor_(successor) {
    if (!hosted_) return;
    let_checkpoint_end();
    const int32_t copy = load(table().copy);
    if (copy == raw_syscall(SYS_getpid)) copy_ = copy;  // not a child of vfork, which sees its parent's
    if (copy_ != 0) store(table().copy, 0);
    if (successor_ == kNative) {
      ignore_stop_signal();
    } else {
      mask(SIG_BLOCK);
    }
  }
  ~LeavesProgram() {
    if (!hosted_) return;
    const int error = errno;
    if (successor_ == kNative) {
      install_stop_handler();
    } else {
      mask(SIG_UNBLOCK);
    }
    if (copy_ != 0) store(table().copy, copy_);
    errno = error;
  }
  LeavesProgram(const LeavesProgram&) = delete;
  LeavesProgram& operator=(const LeavesProgram&) = delete;

 private:
  static void mask(int how) {
    const uint64_t set = 1ULL << (CAIRN_STOP_SIGNAL - 1);
    raw_syscall(SYS_rt_sigprocmask, how, address(&set), 0, sizeof set);
  }

  const bool hosted_ = hosted();
  int32_t copy_ = 0;
  const Successor successor_;
};

int exec_native(const char* path, char* const* argv, char* const* environment) {
  const LeavesProgram leaving(LeavesProgram::kNative);
  const NotedLimitsInForce limits(path);
  return real().execve(path, argv, environment);
}

bool for_lack_of_memory(int error) { return error == E2BIG || error == ENOMEM || error == EAGAIN; }

int exec_program(const char* path, char* const* argv, char* const* environment) {
  const GuestLimitsInForce limits(path);
  if (limits.enough_for_host() && can_be_hosted(path) && !is_traced_by_guest()) {
    const LeavesProgram leaving(LeavesProgram::kHosted);
    real().execve(table().host_path, CAIRN_HOST_ARGV(path, argv), environment);
    if (for_lack_of_memory(errno)) return -1;
  }
  return exec_native(path, argv, environment);
}

int exec_path(const char* path, char* const* argv, char* const* environment) {
  path = meant_by(path);
  return hosted() ? exec_program(path, argv, CAIRN_FRESH_ENVIRONMENT(environment))
                  : real().execve(path, argv, environment);
}

// A file without a header the kernel knows is a shell script, to the p functions.
int exec_script(const char* path, char* const* argv, char* const* environment) {
  std::size_t n = 0;
  while (argv[n] != nullptr) ++n;
  auto** words = static_cast<const char**>(__builtin_alloca((n + 3) * sizeof(char*)));
  words[0] = "/bin/sh";
  words[1] = path;
  std::size_t count = 2;
  for (std::size_t i = 1; i < n; ++i) words[count++] = argv[i];
  words[count] = nullptr;
  return exec_path("/bin/sh", const_cast<char* const*>(words), environment);
}

int exec_or_script(const char* path, char* const* argv, char* const* environment) {
  exec_path(path, argv, environment);
  if (errno == ENOEXEC) exec_script(path, argv, environment);
  return -1;
}

bool look_further(int error) {
  return error == EACCES || error == ENOENT || error == ESTALE || error == ENOTDIR || error == ENODEV ||
         error == ETIMEDOUT;
}

int exec_search(const char* file, char* const* argv, char* const* environment) {
  if (strchr(file, '/') != nullptr) return exec_or_script(file, argv, environment);
  char candidate[kPathSize];
  PathSearch search(file);
  bool denied = false;
  while (search.next(candidate, sizeof candidate)) {
    exec_or_script(candidate, argv, environment);
    if (!look_further(errno)) return -1;
    denied = denied || errno == EACCES;
  }
  errno = denied ? EACCES : search.error();
  return -1;
}

// The path of what is open at `fd`, if it still has one.
bool path_of(int fd, char* path, std::size_t size) {
  char link[32] = "/proc/self/fd/";
  char digits[12];
  int n = 0;
  for (unsigned rest = static_cast<unsigned>(fd); n == 0 || rest != 0; rest /= 10)
    digits[n++] = static_cast<char>('0' + rest % 10);
  std::size_t at = strlen(link);
  while (n > 0) link[at++] = digits[--n];
  link[at] = '\0';
  const long length = raw_syscall(SYS_readlinkat, AT_FDCWD, address(link), address(path), static_cast<long>(size - 1));
  if (is_error(length)) return false;
  path[length] = '\0';
  return path[0] == '/' && raw_syscall(SYS_faccessat, AT_FDCWD, address(path), F_OK) == 0;
}

// Where the program has a path that is not `path` taken from the working directory. False: leave it to the kernel.
bool resolve_at(int directory, const char* path, int flags, char* resolved, std::size_t size) {
  if ((flags & ~AT_EMPTY_PATH) != 0 || directory < 0) return false;
  if (!path_of(directory, resolved, size)) return false;
  if (path[0] == '\0') return (flags & AT_EMPTY_PATH) != 0;
  const std::size_t used = strlen(resolved), more = strlen(path);
  if (used + more + 2 > size) return false;
  resolved[used] = '/';
  memcpy(resolved + used + 1, path, more + 1);
  return true;
}

}  // namespace

CAIRN_INTERPOSE(int, execve, (const char* path, char* const* argv, char* const* environment)) {
  return exec_path(path, argv, environment);
}
CAIRN_INTERPOSE(int, execv, (const char* path, char* const* argv)) { return exec_path(path, argv, environ); }
CAIRN_INTERPOSE(int, execvp, (const char* file, char* const* argv)) { return exec_search(file, argv, environ); }
CAIRN_INTERPOSE(int, execvpe, (const char* file, char* const* argv, char* const* environment)) {
  return exec_search(file, argv, environment);
}

CAIRN_INTERPOSE(int, execveat,
                (int directory, const char* path, char* const* argv, char* const* environment, int flags)) {
  char resolved[kPathSize];
  if (hosted() && path != nullptr && flags == 0 && (path[0] == '/' || directory == AT_FDCWD))
    return exec_path(path, argv, environment);
  if (hosted() && path != nullptr && resolve_at(directory, path, flags, resolved, sizeof resolved) &&
      can_be_hosted(resolved)) {
    return exec_path(resolved, argv, environment);
  }
  const LeavesProgram leaving(LeavesProgram::kNative);
  return real().execveat(directory, path, argv, CAIRN_FRESH_ENVIRONMENT(environment), flags);
}
CAIRN_INTERPOSE(int, fexecve, (int fd, char* const* argv, char* const* environment)) {
  char resolved[kPathSize];
  if (hosted() && resolve_at(fd, "", AT_EMPTY_PATH, resolved, sizeof resolved) && can_be_hosted(resolved))
    return exec_path(resolved, argv, environment);
  const LeavesProgram leaving(LeavesProgram::kNative);
  return real().fexecve(fd, argv, CAIRN_FRESH_ENVIRONMENT(environment));
}

// Collects the words of an execl-like call into an array on the caller's stack: first counts, then copies.
#define CAIRN_COLLECT(first, argv, environment_follows, environment)                        \
  va_list words, again;                                                                     \
  va_start(words, first);                                                                   \
  va_copy(again, words);                                                                    \
  std::size_t count = 1;                                                                    \
  while (va_arg(words, char*) != nullptr) ++count;                                          \
  char* const* environment = (environment_follows) ? va_arg(words, char* const*) : environ; \
  va_end(words);                                                                            \
  char** argv = static_cast<char**>(__builtin_alloca((count + 1) * sizeof(char*)));         \
  argv[0] = const_cast<char*>(first);                                                       \
  for (std::size_t i = 1; i <= count; ++i) argv[i] = va_arg(again, char*);                  \
  va_end(again)

CAIRN_INTERPOSE(int, execl, (const char* path, const char* first, ...)) {
  CAIRN_COLLECT(first, argv, false, environment);
  return exec_path(path, argv, environment);
}
CAIRN_INTERPOSE(int, execle, (const char* path, const char* first, ...)) {
  CAIRN_COLLECT(first, argv, true, environment);
  return exec_path(path, argv, environment);
}
CAIRN_INTERPOSE(int, execlp, (const char* file, const char* first, ...)) {
  CAIRN_COLLECT(first, argv, false, environment);
  return exec_search(file, argv, environment);
}
