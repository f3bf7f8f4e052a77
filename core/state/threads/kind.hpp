// SPDX-License-Identifier: Apache-2.0
// The guest's threads: the functions of their row.
#pragma once

#include "core/context/format.h"
#include "core/state/image.hpp"
#include "core/state/kind.hpp"
#include "core/state/threads/state.hpp"

namespace cairn::state {

std::vector<std::uint8_t> capture_threads(Capture& capture);
void check_threads(const Image& image);
// Holds their numbers, makes them; they wait in libcr.
std::unique_ptr<Reviver> prepare_threads(Restart& restart);

// Throws EnvironmentError unless this machine's CPU has what they were stopped with, in the same frames.
void check_registers(const Image& image);

}  // namespace cairn::state
