// SPDX-License-Identifier: Apache-2.0
// A forked copy of this process (or several, with compression) that writes areas while the original goes on.
//
// The parent is multithreaded and is not told about the child: exit signal 0, so no SIGCHLD and nothing for the
// program's own wait(). The child (core/engine/child_main.hpp) neither allocates nor locks; it blocks all signals,
// offers itself to the OOM killer first, closes every descriptor it does not need (a pipe's or socket's other end must
// see it closed when the program closes it), gives memory back as it goes, and dies with the thread that made it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/unique_fd.hpp"
#include "core/engine/child_main.hpp"

namespace cairn::engine {

class WritingChild {
 public:
  WritingChild() = default;
  ~WritingChild() { kill(); }
  WritingChild(const WritingChild&) = delete;
  WritingChild& operator=(const WritingChild&) = delete;

  // `task` with lane, plans, kernel, huge and writers filled in; all it points to must live until the child has ended.
  // `keep`: descriptors the lane needs. 0, or errno if there can be no child (EAGAIN, ENOMEM). Throws
  // EnvironmentError before anything is forked.
  int start(ChildTask task, std::vector<int> keep, int fd_base);
  bool running() const noexcept { return pid_ > 0; }
  // Waits until the child is gone, at most `seconds`; the sum of what its processes report. Throws TemporaryError when
  // the time is over (the child still runs then), EnvironmentError with the reason if it failed or was killed.
  ChildReport wait(double seconds, const std::string& file);
  void kill() noexcept;

 private:
  void reap() noexcept;
  ChildReport sum_up(const std::string& file) const;

  pid_t pid_ = -1;
  UniqueFd pid_fd_;  // the number may be another process's by the time it is killed
  UniqueFd alive_;   // hangs up when the child and its helpers are gone
  ChildShared* shared_ = nullptr;
  std::size_t shared_bytes_ = 0;
  unsigned writers_ = 1;
  int status_ = 0;
};

}  // namespace cairn::engine
