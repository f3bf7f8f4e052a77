// SPDX-License-Identifier: Apache-2.0
// The guest's thread numbers, kept free from the threads that the host itself makes before the guest's come back.
#pragma once

#include <cstdint>
#include <deque>

#include "core/state/threads/state.hpp"

namespace cairn::state {

class HeldNumbers {
 public:
  // A waiting thread for each number that can be had. Before the host makes threads. Where it is not permitted
  // nothing is held.
  explicit HeldNumbers(const ThreadsState& state);
  ~HeldNumbers();
  HeldNumbers(const HeldNumbers&) = delete;
  HeldNumbers& operator=(const HeldNumbers&) = delete;
  // The number is wanted now: its holder has ended when this returns.
  void release(int tid) noexcept;

 private:
  struct Holder {
    int tid;
    std::uint32_t go;  // futex
  };
  std::deque<Holder> holders_;  // elements do not move
};

}  // namespace cairn::state
