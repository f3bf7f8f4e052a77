// SPDX-License-Identifier: Apache-2.0
// The way from one set of credentials to another: the system calls, in an order in which each may still be made.
// Ordinary code. What the calls point at is this object's; it must stay where it is until they have been made.
#pragma once

#include <linux/capability.h>

#include <deque>
#include <vector>

#include "core/state/credentials/state.hpp"
#include "core/state/own_calls.hpp"

namespace cairn::state {

class CredentialChange {
 public:
  CredentialChange(const Credentials& from, const Credentials& to);
  CredentialChange(const CredentialChange&) = delete;
  CredentialChange& operator=(const CredentialChange&) = delete;

  const std::vector<OwnCall>& calls() const noexcept { return calls_; }
  // Makes them in a child process and looks at the outcome. Before there are threads.
  bool would_succeed() const;

 private:
  struct Sets {
    __user_cap_data_struct halves[2];
  };
  void change_groups();
  void change_users();
  void change_bounding();
  void change_ambient();
  void change_securebits();
  void add(const char* what, long number, std::array<long, 6> arguments, bool required = true);
  void add_sets(std::uint64_t effective, std::uint64_t permitted, std::uint64_t inheritable);

  const Credentials from_, to_;
  std::vector<OwnCall> calls_;
  std::deque<Sets> sets_;
  __user_cap_header_struct header_{_LINUX_CAPABILITY_VERSION_3, 0};
};

}  // namespace cairn::state
