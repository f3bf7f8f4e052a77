// SPDX-License-Identifier: Apache-2.0
// Which numbers the guest's descriptors have. Ordinary code; asks core/state/resident.hpp which are the host's.
#pragma once

#include <span>

#include "core/base/unique_fd.hpp"
#include "core/state/descriptors/state.hpp"

namespace cairn::state {

// Afterwards the process has, beside the host's own, exactly the wanted descriptors: copies of `opened`, by
// description, whose descriptors are the host's. Throws EnvironmentError, before anything is changed if the host has
// one of the numbers.
void place_descriptors(std::span<const Descriptor> wanted, std::span<const UniqueFd> opened);

}  // namespace cairn::state
