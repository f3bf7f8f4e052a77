// SPDX-License-Identifier: Apache-2.0
// A process by the number that it has for itself, and the namespace in which it has it: another than that by which a
// process outside knows it. Needs libc and /proc only; any thread.
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdint>

namespace cairn {

// The inode of the namespace that the kernel begins with.
constexpr std::uint64_t kFirstProcessSpace = 0xEFFFFFFCU;

struct ProcessNumber {
  std::uint64_t space;
  pid_t pid;
};

namespace process_number {

// 0: not to be seen.
inline std::uint64_t space_of(const char* process, const char* kind) noexcept {
  char path[48];
  struct stat status {};
  snprintf(path, sizeof path, "/proc/%s/ns/%s", process, kind);
  return stat(path, &status) == 0 ? status.st_ino : 0;
}

// The last of those that /proc/PID/status has; 0: not to be seen.
inline pid_t innermost(pid_t pid) noexcept {
  char path[32], text[4096];
  snprintf(path, sizeof path, "/proc/%d/status", static_cast<int>(pid));
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  const ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  text[n > 0 ? n : 0] = '\0';
  const char* line = strstr(text, "\nNSpid:");
  const char* const end = line != nullptr ? strchr(line + 1, '\n') : nullptr;
  if (end == nullptr) return 0;
  const char* last = end;
  while (last > line && last[-1] >= '0' && last[-1] <= '9') --last;
  return static_cast<pid_t>(strtol(last, nullptr, 10));
}

}  // namespace process_number

// Of `pid`, as this process numbers it. What cannot be seen of it is taken to be as for this process.
inline ProcessNumber own_number_of(pid_t pid) noexcept {
  const std::uint64_t seen = process_number::space_of("self", "pid");
  const std::uint64_t here = seen != 0 ? seen : kFirstProcessSpace;
  if (pid == getpid()) return {here, pid};
  char name[16];
  snprintf(name, sizeof name, "%d", static_cast<int>(pid));
  const std::uint64_t space = process_number::space_of(name, "pid");
  const pid_t own = space != 0 && space != here ? process_number::innermost(pid) : 0;
  return own > 0 ? ProcessNumber{space, own} : ProcessNumber{here, pid};
}

}  // namespace cairn
