// SPDX-License-Identifier: Apache-2.0
// What the kernel holds for the process as a whole: the functions of its row.
#pragma once

#include <string>
#include <vector>

#include "core/context/format.h"
#include "core/state/image.hpp"
#include "core/state/kind.hpp"
#include "core/state/process/state.hpp"

namespace cairn::state {

// Children, tracers, filters and the like.
void process_obstacle(const cairn_guest& guest);
std::vector<std::uint8_t> capture_process(Capture& capture);
std::unique_ptr<Reviver> prepare_process(Restart& restart);

// Entries for cairn_guest::revive_environment; empty if this process was not started by a job launcher.
std::string job_environment(const std::vector<std::string>& environment);

}  // namespace cairn::state
