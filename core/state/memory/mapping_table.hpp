// SPDX-License-Identifier: Apache-2.0
// The guest's mappings as the kernel tells them: one pass over the table, with little work for each, since a program
// may have tens of thousands. Ordinary code.
#pragma once

#include <vector>

#include "core/context/area.hpp"

namespace cairn::state {

enum class MappingDetail {
  places,  // /proc/self/maps: what a mapping is of
  all      // /proc/self/smaps: also flags and protection keys, for which the kernel walks the page tables
};

// Ascending. Paths are as the kernel shows them. `above`, which may be null, gets those above the arena. Throws
// EnvironmentError, and TemporaryError for a protection key.
std::vector<Area> read_guest_mappings(MappingDetail detail, std::vector<Area>* above = nullptr);

}  // namespace cairn::state
