// SPDX-License-Identifier: Apache-2.0
// The guest's memory: the functions of its row. Which areas there are, and what is in them, are tables of the context
// file of their own (core/context, core/engine); the section has what is special about them.
#pragma once

#include "core/context/format.h"
#include "core/state/image.hpp"
#include "core/state/kind.hpp"

namespace cairn::state {

// Memory below is for those who may have what a null pointer leads to (vm.mmap_min_addr, usually).
inline constexpr std::uint64_t lowest_address = 0x10000;

void memory_obstacle(const cairn_guest& guest);
// Finds the areas, for the engine. Writes shared file mappings back to their files, by which they are saved.
std::vector<std::uint8_t> capture_memory(Capture& capture);
// Shared memory that has no path: also files that have been deleted.
bool is_nameless_memory(const Area& area) noexcept;
// What stands for it after a restart is called that.
std::string shared_memory_name(const Area& area);
void check_memory(const Image& image);
std::unique_ptr<Reviver> prepare_memory(Restart& restart);

}  // namespace cairn::state
