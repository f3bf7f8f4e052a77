// SPDX-License-Identifier: Apache-2.0
// What proc(5) tells of a thread's seccomp filters. Ordinary code, any thread.
#pragma once

#include <climits>
#include <string_view>

#include "core/base/proc.hpp"

namespace cairn {

// Of a thread's status: how many there are; as many as can be in the strict mode.
inline unsigned seccomp_filters(std::string_view status) {
  constexpr unsigned kNone = 0, kFilters = 2;
  const auto mode = static_cast<unsigned>(to_number(field(status, "Seccomp")));
  if (mode == kNone) return 0;
  return mode == kFilters ? static_cast<unsigned>(to_number(field(status, "Seccomp_filters"))) : UINT_MAX;
}

}  // namespace cairn
