// SPDX-License-Identifier: Apache-2.0
// What the coordinator says about its job, for people and in JSON.
#pragma once

#include <string>

#include "pmix/transport/messages.hpp"

namespace cairn::launcher {

// "checkpointing for 3.1 s: 62 writing, 2 coordinating (rank 5: admission)"
std::string one_line(const pmix::JobStatus& status);
void print_status(const pmix::JobStatus& status, bool json, bool every_rank);

}  // namespace cairn::launcher
