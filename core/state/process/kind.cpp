// SPDX-License-Identifier: Apache-2.0
#include "core/state/process/kind.hpp"

namespace cairn::state {

extern const Kind process_kind;
const Kind process_kind = {
    .name = "process",
    .section = CAIRN_CTX_PROCESS,
    .version = 1,
    .oldest = 1,
    .required = true,
    .obstacle = process_obstacle,
    .capture = capture_process,
    .read = read_plain<ProcessState>,
    .check = nullptr,
    .prepare = prepare_process,
    .documentation =
        {"numbers, umask, limits, interval timers, prctl state, heap",
         "in the section PROCESS; limits after everything that may need more, interval timers last",
         "real and effective user or group differ, chroot, seccomp filters of its own, tracers, and children that are "
         "not saved "
         "with it are refused; a number of a single process that is taken is replaced, and cr_restart says so",
         "tests/state/process/settings.cpp"},
};

}  // namespace cairn::state
