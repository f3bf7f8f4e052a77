// SPDX-License-Identifier: Apache-2.0
// Fills a context file's header with what this machine is: CPU, kernel, C library, boot, names, time. Ordinary
// code. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/context/format.h"

namespace cairn::context {

// Everything but flags, arena_top, pid, program, writer and the checksum.
void describe_machine(cairn_ctx_header& header);

// What a guest of `header`'s machine would miss here: one sentence each; empty if it can run on this CPU.
std::vector<std::string> cpu_obstacles(const cairn_ctx_header& header);

}  // namespace cairn::context
