// SPDX-License-Identifier: Apache-2.0
// What another command prints. Ordinary code; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cairn::launcher {

enum class Streams : std::uint8_t { output, output_and_errors };

// Runs it without input and waits for it. Empty if it cannot be run.
std::string printed_by(const std::vector<std::string>& command, Streams streams);

}  // namespace cairn::launcher
