// SPDX-License-Identifier: Apache-2.0
// Signal dispositions and pending signals, as captured and revived. Plain values.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace cairn::state {

inline constexpr int signal_count = 64;

// As the kernel's rt_sigaction has it.
struct Action {
  std::uint64_t handler = 0, flags = 0, restorer = 0, mask = 0;
  template <class Archive>
  void fields(Archive& a) {
    a(handler, flags, restorer, mask);
  }
};

struct Pending {
  std::int32_t tid = 0;  // as of the image; 0: of the process
  std::int32_t number = 0;
  bool has_info = false;  // false: only the number is known
  std::array<std::uint8_t, 128> info{};
  template <class Archive>
  void fields(Archive& a) {
    a(tid, number, has_info, info);
  }
};

struct SignalsState {
  static constexpr const char* section_name = "signals";
  std::array<Action, signal_count> actions;  // [0] is signal 1
  std::vector<Pending> pending;              // in the order of delivery
  std::uint64_t inherited = 0;               // signals whose disposition is the starter's; bit 0 is signal 1
  template <class Archive>
  void fields(Archive& a) {
    a(actions, pending, inherited);
  }
};

}  // namespace cairn::state
