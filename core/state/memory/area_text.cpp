// SPDX-License-Identifier: Apache-2.0
#include "core/state/memory/area_text.hpp"

#include <cstdio>

namespace cairn::state {

std::string range(const Area& area) {
  char text[64];
  std::snprintf(text, sizeof text, "%lx-%lx", area.start, area.end);
  return text;
}

std::string named_range(const Area& area) {
  return range(area) + (area.path.empty() ? "" : " (" + area.path.string() + ")");
}

}  // namespace cairn::state
