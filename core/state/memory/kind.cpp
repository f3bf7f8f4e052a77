// SPDX-License-Identifier: Apache-2.0
#include "core/state/memory/kind.hpp"

namespace cairn::state {

extern const Kind memory_kind;
const Kind memory_kind = {
    .name = "memory",
    .section = 0,
    .version = 0,
    .oldest = 0,
    .required = false,
    .obstacle = memory_obstacle,
    .capture = capture_memory,
    .read = nullptr,
    .check = check_memory,
    .prepare = prepare_memory,
    .documentation =
        {"memory: every mapping of the program",
         "contents in chunks; executables and libraries stored once or by reference; shared files are written back",
         "device memory, userfaultfd ranges, System V segments, deleted shared files and huge pages of files are "
         "refused",
         "tests/state/memory/memory.cpp"},
};

}  // namespace cairn::state
