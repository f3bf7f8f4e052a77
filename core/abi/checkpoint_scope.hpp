// SPDX-License-Identifier: Apache-2.0
// Whom a request is about. Ordinary code of commands, hosts and the guest; any thread. Needs libc only.
#pragma once

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "core/abi/beginning.hpp"
#include "core/abi/control_protocol.hpp"

namespace cairn {

enum class Scope {
  tree,     // a process and its descendants
  group,    // a process group, and the descendants of those in it
  session,  // a session, and the descendants of those in it
};

// Of the flags of a request (control_protocol.hpp).
inline Scope scope_of_flags(std::uint32_t flags) noexcept {
  if ((flags & CAIRN_CONTROL_OF_GROUP) != 0) return Scope::group;
  return (flags & CAIRN_CONTROL_OF_SESSION) != 0 ? Scope::session : Scope::tree;
}
inline std::uint32_t flags_of_scope(Scope scope) noexcept {
  return scope == Scope::group ? CAIRN_CONTROL_OF_GROUP : scope == Scope::session ? CAIRN_CONTROL_OF_SESSION : 0;
}

namespace checkpoint_scope {

struct Process {
  pid_t parent;  // 0: it is gone
  bool ended;
};

inline Process look_at(pid_t pid) noexcept {
  char text[1024], state = 'X';
  const char* rest = nullptr;
  int parent = 0;
  if (!beginning::read_stat(pid, text, rest) || rest == nullptr || sscanf(rest, " %c %d", &state, &parent) != 2)
    return {0, true};
  return {parent, state == 'Z' || state == 'X'};
}

inline pid_t number_of(Scope scope, pid_t pid) noexcept { return scope == Scope::group ? getpgid(pid) : getsid(pid); }

}  // namespace checkpoint_scope

// By its process group or session, is the process in that of `leader`? Not of a tree.
inline bool is_in_scope(pid_t pid, Scope scope, pid_t leader) noexcept {
  if (scope == Scope::tree) return false;
  const pid_t number = checkpoint_scope::number_of(scope, pid);
  return number >= 0 && number == checkpoint_scope::number_of(scope, leader);
}

// cr_restart that waits for what it has brought back: of its group and session, and never saved.
inline bool is_waiting_restart(pid_t pid) noexcept {
  char path[4096];
  const char* const name = beginning::program_of(pid, path);
  return name != nullptr && strcmp(name, "/cr_restart") == 0 && !beginning::becomes_host(pid);
}

// Of the process group or session `id`, the process that is to be asked to lead: the one with that number, or another,
// whose ancestors are not of it. 0: nobody is there but, perhaps, `left_out`.
inline pid_t leader_of_scope(Scope scope, pid_t id, pid_t left_out = 0) noexcept {
  DIR* const proc = opendir("/proc");
  if (proc == nullptr) return 0;
  pid_t first = 0;
  while (const dirent* const entry = readdir(proc)) {
    const auto pid = static_cast<pid_t>(strtol(entry->d_name, nullptr, 10));
    if (pid <= 0 || pid == left_out || checkpoint_scope::number_of(scope, pid) != id || is_waiting_restart(pid) ||
        checkpoint_scope::look_at(pid).ended)
      continue;
    if (first == 0 || pid == id || (first != id && pid < first)) first = pid;
  }
  closedir(proc);
  pid_t leader = first;
  for (pid_t pid = first; pid > 1; pid = checkpoint_scope::look_at(pid).parent) {
    if (pid != left_out && checkpoint_scope::number_of(scope, pid) == id && !is_waiting_restart(pid)) leader = pid;
  }
  return leader;
}

}  // namespace cairn
