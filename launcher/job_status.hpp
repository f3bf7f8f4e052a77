// SPDX-License-Identifier: Apache-2.0
// What the coordinator says about its job, for people and in JSON.
#pragma once

#include <map>
#include <string>

#include "pmix/transport/record.hpp"

namespace cairn::launcher {

// The records in the fields "<prefix><number>", by number.
std::map<unsigned long long, pmix::Record> numbered(const pmix::Record& record, char prefix);
// "checkpointing for 3.1 s: 62 writing, 2 coordinating (rank 5: admission)"
std::string one_line(const pmix::Record& status);
void print_status(const pmix::Record& status, bool json, bool every_rank);

}  // namespace cairn::launcher
