// SPDX-License-Identifier: Apache-2.0
// Children that are stopped, and of whose stop the program has been told. Plain values.
#pragma once

#include <cstdint>
#include <vector>

namespace cairn::state {

struct ChildStops {
  static constexpr const char* section_name = "child stops";
  std::vector<std::int32_t> seen;  // numbers of processes
  template <class Archive>
  void fields(Archive& a) {
    a(seen);
  }
};

}  // namespace cairn::state
