// SPDX-License-Identifier: Apache-2.0
// What a process shares with whoever started it, as captured and revived: its terminal, and the status flags at 0, 1
// and 2. Plain values.
#pragma once

#include <array>
#include <cstdint>

namespace cairn::state {

// The kernel's struct termios, or a mask for one.
struct TerminalModes {
  std::uint32_t input = 0, output = 0, control = 0, local = 0;
  std::array<std::uint8_t, 19> characters{};
  bool operator==(const TerminalModes&) const = default;
  template <class Archive>
  void fields(Archive& a) {
    a(input, output, control, local, characters);
  }
};

struct StarterState {
  static constexpr const char* section_name = "starter";
  bool foreground = false;  // of its terminal: the rest about it is known
  std::uint16_t rows = 0, columns = 0;
  TerminalModes modes, chosen_modes;                     // a mask: what the program has changed
  std::array<std::uint32_t, 3> flags{}, chosen_flags{};  // of what it was started with at 0, 1, 2; O_*
  bool operator==(const StarterState&) const = default;
  template <class Archive>
  void fields(Archive& a) {
    a(foreground, rows, columns, modes, chosen_modes, flags, chosen_flags);
  }
};

}  // namespace cairn::state
