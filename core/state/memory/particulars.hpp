// SPDX-License-Identifier: Apache-2.0
// What of the guest's memory is neither a mapping nor its content: how it is found, and brought back. Ordinary code; at
// a checkpoint the guest stands.
#pragma once

#include <vector>

#include "core/context/area.hpp"
#include "core/state/image.hpp"
#include "core/state/memory/state.hpp"
#include "core/state/own_calls.hpp"

namespace cairn::state {

// What the calling thread's memory policy is, is what areas have that were given none. Maps a page for a moment.
MemoryState find_particulars(const std::vector<Area>& areas);

// Of the area just mapped, before it has pages. A machine without those nodes goes without the policy.
void restore_particulars(const MemoryState& state, const Area& area);
// Throws EnvironmentError.
void restore_guards(const MemoryState& state);
// mseal(), since Linux 6.10. Throws EnvironmentError.
void seal(const Area& area);

// The file is hostile: PermanentError.
void check_particulars(const Image& image);

}  // namespace cairn::state
