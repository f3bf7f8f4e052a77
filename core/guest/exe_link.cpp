// SPDX-License-Identifier: Apache-2.0
// What tells of /proc/self/exe without opening it: the link, and the file behind it.
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/guest/export.hpp"
#include "core/guest/own_program.hpp"
#include "core/guest/real.hpp"

using namespace cairn;
using namespace cairn::guest;

namespace {

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
  return real().realpath(meant_by(path), resolved);
}
CAIRN_INTERPOSE(char*, __realpath_chk, (const char* path, char* resolved, size_t room)) {
  if (room < PATH_MAX) __builtin_trap();
  return real().realpath(meant_by(path), resolved);
}
CAIRN_INTERPOSE(char*, canonicalize_file_name, (const char* path)) { return real().realpath(meant_by(path), nullptr); }

CAIRN_INTERPOSE(int, stat, (const char* path, struct stat* result)) { return real().stat(meant_by(path), result); }
CAIRN_INTERPOSE_ALIAS(int, stat64, stat, (const char*, struct stat*));
CAIRN_INTERPOSE(int, fstatat, (int directory, const char* path, struct stat* result, int flags)) {
  return real().fstatat(directory, meant_by(path, (flags & AT_SYMLINK_NOFOLLOW) == 0), result, flags);
}
CAIRN_INTERPOSE_ALIAS(int, fstatat64, fstatat, (int, const char*, struct stat*, int));
CAIRN_INTERPOSE(int, statx, (int directory, const char* path, int flags, unsigned mask, struct statx* result)) {
  return real().statx(directory, meant_by(path, (flags & AT_SYMLINK_NOFOLLOW) == 0), flags, mask, result);
}
