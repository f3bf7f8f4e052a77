// SPDX-License-Identifier: Apache-2.0
// The section of a particular host (core/state/extension.hpp), which alone knows what is in it.
#pragma once

#include <cstdint>
#include <vector>

namespace cairn::state {

struct ExtensionState {
  static constexpr const char* section_name = "extension";
  std::vector<std::uint8_t> bytes;
};

}  // namespace cairn::state
