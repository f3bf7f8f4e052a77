// SPDX-License-Identifier: Apache-2.0
// The host's turns with the numbers of descriptors (core/abi/guest_table.h, struct cairn_turn).
#pragma once

#include "core/abi/host_table.h"
#include "core/base/spin_lock.hpp"

namespace cairn::host {

// While it exists the guest neither closes nor makes descriptors, and no other thread of the host has a turn; all
// signals are blocked. For a system call that makes or closes descriptors of the host's, and moves them: nothing that
// waits for anybody else. May be nested. A call of the guest's that does not end, since it waits (for the other end of
// a FIFO, for a file server), is waited for once, a while. Any thread of the host, with the host's thread pointer; no
// libc.
class DescriptorTurn {
 public:
  DescriptorTurn() noexcept;
  ~DescriptorTurn();
  DescriptorTurn(const DescriptorTurn&) = delete;
  DescriptorTurn& operator=(const DescriptorTurn&) = delete;

 private:
  AllSignalsBlocked blocked_;
  bool locked_ = false;
  bool told_ = false;  // the guest knows
};

// Where both look. Before there is a guest.
void show_turns_in(cairn_table& table) noexcept;

// Around a fork of the guest: none in the middle of a turn is copied.
void turn_fork_prepare() noexcept;
void turn_fork_parent() noexcept;
void turn_fork_child() noexcept;

}  // namespace cairn::host
