// SPDX-License-Identifier: Apache-2.0
// Ordinary code, on the thread that takes the checkpoint.
#pragma once

#include <string>
#include <vector>

#include "core/state/kind.hpp"

namespace cairn::state {

// The path of the working directory, or the one that it had. Throws TemporaryError.
std::string working_directory();
std::vector<std::uint8_t> capture_working_directory(Capture& capture);

}  // namespace cairn::state
