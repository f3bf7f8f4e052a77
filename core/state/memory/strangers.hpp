// SPDX-License-Identifier: Apache-2.0
// Memory that the program has mapped above the arena, at an address of its own choice (MAP_FIXED): where its host keeps
// what a restart's host will need. It is in no saved area. Ordinary code.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/context/area.hpp"

namespace cairn::state {

// Whether the host keeps some of [start, end) free for itself; called by any thread. Before the first checkpoint.
using IsKeptFree = bool (*)(std::uint64_t start, std::uint64_t end) noexcept;
void set_kept_free(IsKeptFree function) noexcept;

// Of mappings above the arena, those that are not as the host has made them.
std::vector<Area> strangers_among(std::span<const Area> mappings);

}  // namespace cairn::state
