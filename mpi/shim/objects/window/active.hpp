// SPDX-License-Identifier: Apache-2.0
// Between MPI_Win_start and MPI_Win_complete (active.cpp). Not in a section.
#pragma once

#include "mpi/shim/objects/window/local_window.hpp"

namespace cairn::shim {

// MPI_SUCCESS once the target, one of those of MPI_Win_start, has posted.
int await_post(LocalWindow& window, int target) noexcept;

}  // namespace cairn::shim
