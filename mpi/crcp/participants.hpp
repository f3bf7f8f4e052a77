// SPDX-License-Identifier: Apache-2.0
// The table of participants (participant.hpp), in the order in which all ranks call them.
#pragma once

#include <span>

#include "mpi/crcp/participant.hpp"

namespace cairn::crcp {

std::span<Participant* const> participants() noexcept;

// Library free: progress() of all.
void progress_all() noexcept;

}  // namespace cairn::crcp
