// SPDX-License-Identifier: Apache-2.0
// A process namespace for a tree that is restarted (docs/groups.md): in it every number is free, and who makes it may
// choose numbers, as an ordinary user too, who gets it with a user namespace of his own. Outside, its processes have
// other numbers as well.
//
// Its process 1 is ours: it waits for orphans, and ends the others when whoever made it ends without a word. Ordinary
// code of a program with one thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "core/base/unique_fd.hpp"

namespace cairn::group {

class ProcessSpace {
 public:
  // Throws EnvironmentError that says why there can be none.
  ProcessSpace();
  // Ends everybody in it, unless they have been left to themselves.
  ~ProcessSpace();
  ProcessSpace(const ProcessSpace&) = delete;
  ProcessSpace& operator=(const ProcessSpace&) = delete;

  // As fork(), but the child, which is this process's, is in the namespace, with that number. The result is its number
  // outside; -1 and errno. In the child, the working directory is the same path.
  pid_t fork_inside(pid_t number);
  // In a process of the namespace that is about to execute a host: that may choose the numbers of threads, too. It
  // gives that right back before its program runs (restart::Options::lent).
  void lend_rights() const noexcept;
  // The rights of whoever makes a namespace, in one that executes nothing: others may not see all of it with them.
  void drop_rights() const noexcept;
  std::uint64_t lent() const noexcept;  // capabilities, as bits

  // Ends everybody in it, and returns how this one, by its number there, has ended of itself; nothing if that is not
  // known (0: of nobody). This process's children are still to be waited for.
  std::optional<int> end_all(pid_t of_whom) noexcept;
  // This process's children have ended, and been waited for. Who else is there goes on, as orphans do.
  void leave() noexcept;

  std::uint64_t number() const noexcept { return number_; }  // the inode of the namespace
  bool has_other_users() const noexcept { return own_users_; }

 private:
  void start();
  void enter() const;
  void wait_for_end() noexcept;
  std::optional<int> end_of_child(pid_t number) const noexcept;

  UniqueFd orders_;  // to its process 1; it ends with us
  UniqueFd first_;   // a pidfd of that
  pid_t first_pid_ = -1;
  std::map<pid_t, pid_t> children_;  // of this process: their numbers outside, by those inside
  bool own_users_ = false;
  std::uint64_t number_ = 0;
};

}  // namespace cairn::group
