// SPDX-License-Identifier: Apache-2.0
// A process without a control socket (control_address.hpp): will it have one in a moment? Between a command line and a
// host that listens there are a fork, several execs and, in a restart, a process number that nobody has yet. Whoever
// asks for a checkpoint in that time is to come back, not to hear that there will never be one.
// Ordinary code of commands and of the guest; any thread. Needs libc only.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

#include "core/abi/control_address.hpp"
#include "core/abi/layout.h"

namespace cairn {

enum class Beginning {
  none,    // it is what it is
  gone,    // no such process, or it has ended
  young,   // it has only just been made, and may become anything
  host,    // its host has not come far enough to listen
  child,   // a forked child of a hosted program: nobody in it listens before it is asked to (forked_copy.hpp)
  restart  // cr_restart is bringing it back
};

namespace beginning {

inline constexpr double kYoungSeconds = 2;

inline bool announced(pid_t pid) {
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const ControlAddress address = ControlAddress::of_restart(pid);
  const bool found = connect(fd, address.get(), address.length()) == 0;
  close(fd);
  return found;
}

// Its host listens before a program is there; so where one is and nobody listens, it is a copy that a fork made.
inline bool has_program(pid_t pid) {
  char path[32];
  snprintf(path, sizeof path, "/proc/%d/maps", static_cast<int>(pid));
  FILE* const maps = fopen(path, "re");
  if (maps == nullptr) return false;
  char* line = nullptr;
  size_t size = 0;
  bool found = false;
  unsigned long start = 0, end = 0;
  char readable = '-';
  while (!found && getline(&line, &size, maps) > 0)
    found = sscanf(line, "%lx-%lx %c", &start, &end, &readable) == 3 && start <= CAIRN_TABLE_ADDR &&
            CAIRN_TABLE_ADDR < end && readable == 'r';
  free(line);
  fclose(maps);
  return found;
}

// Of the flags in /proc/PID/stat (the kernel's PF_EXITING and PF_FORKNOEXEC): it has no program any more, and is
// perhaps no zombie yet; it was made by a fork and has executed nothing since.
constexpr unsigned kExiting = 0x4, kForked = 0x40;

// Of /proc/PID/stat, what follows the program's name: null if it is not to be had. False: there is no such file.
template <size_t N>
bool read_stat(pid_t pid, char (&text)[N], const char*& rest) {
  char path[32];
  snprintf(path, sizeof path, "/proc/%d/stat", static_cast<int>(pid));
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const ssize_t n = read(fd, text, N - 1);
  close(fd);
  text[n > 0 ? n : 0] = '\0';
  const char* const end = strrchr(text, ')');
  rest = end != nullptr ? end + 1 : nullptr;
  return true;
}

// The path of the program that it runs, and its last part, with its slash; null if that is not to be seen.
template <size_t N>
const char* program_of(pid_t pid, char (&path)[N]) {
  char link[32];
  snprintf(link, sizeof link, "/proc/%d/exe", static_cast<int>(pid));
  const ssize_t n = readlink(link, path, N - 1);
  path[n > 0 ? n : 0] = '\0';
  return strrchr(path, '/');
}

struct Life {
  bool exists;
  double seconds;  // since it was made
  bool forked;
};

inline Life life_of(pid_t pid) {
  char text[1024];
  const char* rest = nullptr;
  if (!read_stat(pid, text, rest)) return {kill(pid, 0) == 0 || errno == EPERM, 1e9, false};
  char state = 'X';
  unsigned flags = 0;            // the ninth field of proc(5)
  unsigned long long ticks = 0;  // the 22nd
  if (rest == nullptr || sscanf(rest, " %c %*d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                                &state, &flags, &ticks) != 3)
    return {false, 0, false};
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  const double made = static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
  return {state != 'Z' && state != 'X' && (flags & kExiting) == 0,
          static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9 - made, (flags & kForked) != 0};
}

// cr_run, a host of any installation, or a copy of cr_restart: it becomes what is brought back, and may have children
// that become the rest of it before it executes its host.
inline bool becomes_host(pid_t pid) {
  char path[4096];
  const char* const name = program_of(pid, path);
  if (name == nullptr) return false;
  if (strcmp(name, "/cr_restart") == 0) return life_of(pid).forked;
  return strcmp(name, "/cr_run") == 0 || strstr(path, "/libexec/cairn/cairn-") != nullptr;
}

}  // namespace beginning

inline Beginning beginning_of(pid_t pid) {
  if (beginning::announced(pid)) return Beginning::restart;
  const beginning::Life life = beginning::life_of(pid);
  if (!life.exists) return Beginning::gone;
  const bool host = beginning::becomes_host(pid);
  if (host && !beginning::has_program(pid)) return Beginning::host;
  if (life.seconds < beginning::kYoungSeconds) return Beginning::young;
  return host ? Beginning::child : Beginning::none;
}

}  // namespace cairn
