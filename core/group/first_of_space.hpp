// SPDX-License-Identifier: Apache-2.0
// Process 1 of a namespace that a restart has made (process_space.hpp), and what it is asked. Ordinary code of a
// process with one thread.
#pragma once

#include <cstdint>

namespace cairn::group {

// What it, and who makes it, say to whom they do it for.
struct SpaceReport {
  enum What : std::int32_t { made, ready, failed, ended, left } what;
  // made: that of process 1, outside; failed: errno; ended: a wait status, -1 if not known; left: 1 if others are there
  std::int32_t number;
  std::int32_t own_users;  // made: with a user namespace
  const char* step;        // failed: in what; a constant of this program, whose copy the other is
};

struct SpaceOrder {
  enum What : std::int32_t {
    end,   // kill all, and say how `number` has ended
    leave  // the first program has ended: end when all others have
  } what;
  std::int32_t number;
};

// `orders`: a socket of packets. Never returns: it ends when there is nobody else, or when the other end is closed.
[[noreturn]] void be_first_of_space(int orders);

}  // namespace cairn::group
