// SPDX-License-Identifier: Apache-2.0
#include "core/state/memory/kind.hpp"

#include "core/state/memory/state.hpp"

namespace cairn::state {

extern const Kind memory_kind;
const Kind memory_kind = {
    .name = "memory",
    .section = CAIRN_CTX_MEMORY,
    .version = 1,
    .oldest = 1,
    .required = false,
    .obstacle = memory_obstacle,
    .capture = capture_memory,
    .read = read_plain<MemoryState>,
    .check = check_memory,
    .prepare = prepare_memory,
    .documentation =
        {"memory: every mapping of the program",
         "contents in chunks; executables and libraries stored once or by reference; shared files are written back; "
         "names, policies, guard pages, mlockall in the section MEMORY",
         "device memory, userfaultfd ranges, System V segments, deleted shared files, huge pages of files, protection "
         "keys and shadow stacks are refused; memory policies only where the machine has the nodes",
         "tests/state/memory/memory.cpp"},
};

}  // namespace cairn::state
