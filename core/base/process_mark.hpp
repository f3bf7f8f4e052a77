// SPDX-License-Identifier: Apache-2.0
// A process, written down so that whoever reads it later can tell whether it is gone: numbers are used again, and what
// is written may lie where other machines, other containers and the time after the next start of this one see it.
// Plain data; any thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cairn {

struct ProcessMark {
  std::uint64_t pid = 0;
  std::uint64_t start = 0;    // in ticks since the machine's start: proc(5), field 22
  std::uint64_t numbers = 0;  // the inode of the PID namespace
  std::string machine, boot;  // host name; the kernel's boot_id
  std::string id;             // of the installation: /etc/machine-id. Marks of older versions have none
  template <class A>
  void fields(A& a) {
    a("pid", pid), a("start", start), a("numbers", numbers), a("machine", machine), a("boot", boot), a("id", id);
  }

  static ProcessMark of_self();
  // Known to be gone: not merely out of sight.
  bool is_gone() const;

  // A line for each member, as "name=value"; nothing if one of them is missing or cut off.
  std::string to_lines() const;
  static std::optional<ProcessMark> from_lines(std::string_view lines);
};

// Whether no process has this number, or one that has ended and waits to be collected.
bool runs_nobody(pid_t pid);
// Whether that is so, or will be at any moment: it has been killed, or has called _exit(2).
bool ends(pid_t pid);

}  // namespace cairn
