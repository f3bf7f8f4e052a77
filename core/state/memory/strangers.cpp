// SPDX-License-Identifier: Apache-2.0
#include "core/state/memory/strangers.hpp"

namespace cairn::state {
namespace {

IsKeptFree is_kept_free = nullptr;

bool is_reservation(const Area& area) { return area.prot == 0 && !area.shared && area.inode == 0 && area.path.empty(); }

}  // namespace

void set_kept_free(IsKeptFree function) noexcept { is_kept_free = function; }

std::vector<Area> strangers_among(std::span<const Area> mappings) {
  std::vector<Area> strangers;
  for (const Area& area : mappings) {
    if (is_kept_free != nullptr && !is_reservation(area) && is_kept_free(area.start, area.end))
      strangers.push_back(area);
  }
  return strangers;
}

}  // namespace cairn::state
