// SPDX-License-Identifier: Apache-2.0
// A working directory that has been deleted, as captured and revived. Plain values.
#pragma once

#include <cstdint>

namespace cairn::state {

struct WorkingDirectory {
  static constexpr const char* section_name = "working directory";
  // Of the directories of ProcessState::directory, the last ones that are gone; 0: it is at its path.
  std::uint32_t deleted = 0;
  std::uint32_t mode = 0, user = 0, group = 0;
  template <class Archive>
  void fields(Archive& a) {
    a(deleted, mode, user, group);
  }
};

}  // namespace cairn::state
