// SPDX-License-Identifier: Apache-2.0
// The program that has started cr_restart by cr_request_restart() of libcr, if one has: it hears what this command says
// until the process goes on, and how the restart ends (core/abi/restart_options.hpp). Ordinary code.
#pragma once

#include <cstdio>

#include "core/abi/restart_options.hpp"
#include "core/base/unique_fd.hpp"

namespace cairn::cli {

class RestartCaller {
 public:
  RestartCaller() = default;
  ~RestartCaller() { speak_aloud(); }
  RestartCaller(const RestartCaller&) = delete;
  RestartCaller& operator=(const RestartCaller&) = delete;

  // From now on. Takes the descriptors that `asked` has.
  void listen(restart::Options& asked);
  bool listens() const noexcept { return static_cast<bool>(started_); }
  // For a host that this command becomes: it speaks to the caller instead.
  void hand_over(restart::Options& host) const noexcept;

  void hears_start(char how) noexcept;
  void hears_failure(int code) noexcept;

 private:
  void speak_aloud() noexcept;

  UniqueFd started_;
  UniqueFd announcement_;          // of this process: what it becomes, or stands for, is being restarted
  int messages_ = -1;              // of `stderr`, while it is the caller's
  std::FILE* standard_ = nullptr;  // what it was before
};

}  // namespace cairn::cli
