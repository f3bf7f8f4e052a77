// SPDX-License-Identifier: Apache-2.0
// How the kernel lays out the register state in a signal frame of the calling thread, found by taking a signal.
#pragma once

#include "core/state/threads/frame_layout.hpp"

namespace cairn::state {

// Uses SIGSYS, whose disposition it leaves as it is. Not while a guest exists.
FrameShape probe_frame();
// The same for a thread that has used AMX tiles; asks for permission and touches one. All zeros without AMX. The
// calling thread keeps the larger frame.
FrameShape probe_frame_with_tiles();

// Frozen-world: gives the calling thread AMX state. False if the machine or the kernel has none.
bool use_tiles() noexcept;

}  // namespace cairn::state
