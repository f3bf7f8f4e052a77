// SPDX-License-Identifier: Apache-2.0
#include "core/state/memory/area_text.hpp"

#include <algorithm>
#include <cstdio>

#include "core/base/proc.hpp"

namespace cairn::state {

std::string range(const Area& area) {
  char text[64];
  std::snprintf(text, sizeof text, "%lx-%lx", area.start, area.end);
  return text;
}

std::string named_range(const Area& area) { return range(area) + (area.path.empty() ? "" : " (" + area.path + ")"); }

bool has_flag(const Area& area, std::string_view flag) {
  const auto words = split_words(area.vm_flags);
  return std::find(words.begin(), words.end(), flag) != words.end();
}

}  // namespace cairn::state
