// SPDX-License-Identifier: Apache-2.0
// What of the guest's memory is neither a mapping nor its content. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cairn::state {

// Of one area.
struct AreaParticulars {
  std::uint64_t start = 0;   // of the area
  std::string name;          // PR_SET_VMA_ANON_NAME
  std::int32_t policy = -1;  // mbind(): mode and its flags; -1: none of its own
  std::uint64_t nodes = 0;
  template <class Archive>
  void fields(Archive& a) {
    a(start, name, policy, nodes);
  }
};

struct GuardPages {
  std::uint64_t start = 0, end = 0;
  template <class Archive>
  void fields(Archive& a) {
    a(start, end);
  }
};

struct MemoryState {
  static constexpr const char* section_name = "memory";
  std::vector<AreaParticulars> areas;  // only those that have some; ascending
  std::vector<GuardPages> guards;      // MADV_GUARD_INSTALL; ascending
  std::uint32_t lock_future = 0;       // mlockall(): MCL_FUTURE, MCL_ONFAULT
  template <class Archive>
  void fields(Archive& a) {
    a(areas, guards, lock_future);
  }
};

}  // namespace cairn::state
