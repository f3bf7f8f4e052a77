// SPDX-License-Identifier: Apache-2.0
#include "core/state/clocks/kind.hpp"

namespace cairn::state {

extern const Kind clocks_kind;
const Kind clocks_kind = {
    .name = ClocksState::section_name,
    .section = CAIRN_CTX_CLOCKS,
    .version = 2,
    .oldest = 1,
    .required = false,
    .obstacle = nullptr,
    .capture = capture_clocks,
    .read = read_clocks,
    .check = check_clocks,
    .prepare = prepare_clocks,
    .documentation = {"monotonic clocks on another boot; processor time of the process, its threads and its children",
                      "in the section CLOCKS: where they stood. Monotonic clocks go on in a time namespace, or by an "
                      "offset in the vdso; processor time by an offset in the vdso, getrusage and times",
                      "the processor time of the process counts the host's threads as well, some milliseconds at a "
                      "checkpoint (a restart goes on without most of a checkpoint's; getrusage and times do not); "
                      "without CAP_SYS_ADMIN absolute deadlines in system calls of the program's own are not shifted; "
                      "/proc and limits "
                      "(RLIMIT_CPU) count the new process's time; an execve after a restart forgets what was before it",
                      "tests/state/clocks/processor_time.cpp"},
};

}  // namespace cairn::state
