// SPDX-License-Identifier: Apache-2.0
// Of the processes of a group that is restarted, until they execute their hosts.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/group/group_start.hpp"

namespace cairn::group {

inline constexpr std::size_t kMeetings = 3;  // all are there; all are in their groups; what is made last is there
inline constexpr std::size_t kMost = 4096;

struct GroupStart::Common {
  std::uint32_t met[kMeetings];  // futex
  std::uint32_t failed;          // futex: the message is complete
  std::uint32_t failing;         // somebody writes it
  char message[1024];
  std::int32_t numbers[kMost];  // as they are now, by place in the index
  std::int32_t groups[kMost];   // of those whose leader is gone, by the place of who has made it
};

}  // namespace cairn::group
