// SPDX-License-Identifier: Apache-2.0
#include "core/state/settings/kind.hpp"

namespace cairn::state {

extern const Kind settings_kind;
const Kind settings_kind = {
    .name = "settings",
    .section = CAIRN_CTX_SETTINGS,
    .version = 2,
    .oldest = 1,
    .required = false,
    .obstacle = settings_obstacle,
    .capture = capture_settings,
    .read = read_settings,
    .check = check_settings,
    .prepare = prepare_settings,
    .documentation =
        {"core dump filter, MDWE, page merging, membarrier registrations; of threads: personality, death "
         "signal, TSC, CPUID, machine checks, I/O flusher and priority, memory policy, speculation",
         "in the section SETTINGS, if the program has chosen them itself; what it was started with follows "
         "the new place; so do CPUs, scheduling, umask, limits and OOM score of the sections THREADS and PROCESS",
         "threads with files, a working directory, namespaces or a security label of their own, shadow stacks "
         "and tagged addresses are refused; page merging, I/O priority and memory policy only as far as "
         "this place lets",
         "tests/state/settings/chosen.cpp"},
};

}  // namespace cairn::state
