// SPDX-License-Identifier: Apache-2.0
// What the coordinator says about its job, for people and in JSON.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "pmix/transport/messages.hpp"

namespace cairn::launcher {

// "checkpointing for 3.1 s: 62 writing, 2 coordinating (rank 5: admission)"
std::string one_line(const pmix::JobStatus& status);
// If ranks have been coming to the cut for more than a second: those that others wait for, and where they are. For a
// terminal.
std::vector<std::string> lines_about_waiting(const pmix::JobStatus& status);
// In JSON, or that line and what is known of the job's snapshots.
void print_status(const pmix::JobStatus& status, bool json, bool every_rank);

// What can be seen of an mpirun that is stopped and so says nothing; nothing if it is not stopped.
std::optional<pmix::JobStatus> status_of_stopped(pid_t mpirun);

}  // namespace cairn::launcher
