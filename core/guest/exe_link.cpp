// SPDX-License-Identifier: Apache-2.0
// /proc/self/exe names the host; the guest asks for its own program.
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/raw_syscall.hpp"
#include "core/guest/export.hpp"
#include "core/guest/host.hpp"
#include "core/guest/real.hpp"

using namespace cairn;
using namespace cairn::guest;

namespace {

// "/proc/self/exe", "/proc/thread-self/exe", "/proc/<own pid>/exe"
bool is_own_exe(const char* path) {
  if (!hosted() || path == nullptr || strncmp(path, "/proc/", 6) != 0) return false;
  const char* who = path + 6;
  const char* slash = strchr(who, '/');
  if (slash == nullptr || strcmp(slash, "/exe") != 0) return false;
  const auto length = static_cast<std::size_t>(slash - who);
  if ((length == 4 && memcmp(who, "self", 4) == 0) || (length == 11 && memcmp(who, "thread-self", 11) == 0))
    return true;
  long pid = 0;
  for (std::size_t i = 0; i < length; ++i) {
    if (who[i] < '0' || who[i] > '9' || pid > INT_MAX) return false;
    pid = pid * 10 + (who[i] - '0');
  }
  return length > 0 && pid == own_pid();
}

// As readlink(): what fits, without NUL.
ssize_t copy_exe(char* buffer, std::size_t size) {
  const char* exe = table().guest_exe;
  std::size_t n = strlen(exe);
  if (n > size) n = size;
  memcpy(buffer, exe, n);
  return static_cast<ssize_t>(n);
}

}  // namespace

CAIRN_INTERPOSE(ssize_t, readlink, (const char* path, char* buffer, size_t size)) {
  return is_own_exe(path) ? copy_exe(buffer, size) : real().readlink(path, buffer, size);
}
CAIRN_INTERPOSE(ssize_t, __readlink_chk, (const char* path, char* buffer, size_t size, size_t room)) {
  if (size > room) __builtin_trap();  // what the fortified call checks
  return is_own_exe(path) ? copy_exe(buffer, size) : real().readlink(path, buffer, size);
}
CAIRN_INTERPOSE(ssize_t, readlinkat, (int directory, const char* path, char* buffer, size_t size)) {
  return is_own_exe(path) ? copy_exe(buffer, size) : real().readlinkat(directory, path, buffer, size);
}
CAIRN_INTERPOSE(ssize_t, __readlinkat_chk, (int directory, const char* path, char* buffer, size_t size, size_t room)) {
  if (size > room) __builtin_trap();
  return is_own_exe(path) ? copy_exe(buffer, size) : real().readlinkat(directory, path, buffer, size);
}
CAIRN_INTERPOSE(char*, realpath, (const char* path, char* resolved)) {
  return real().realpath(is_own_exe(path) ? table().guest_exe : path, resolved);
}
CAIRN_INTERPOSE(char*, __realpath_chk, (const char* path, char* resolved, size_t room)) {
  if (room < PATH_MAX) __builtin_trap();
  return real().realpath(is_own_exe(path) ? table().guest_exe : path, resolved);
}
CAIRN_INTERPOSE(char*, canonicalize_file_name, (const char* path)) {
  return real().realpath(is_own_exe(path) ? table().guest_exe : path, nullptr);
}
