// SPDX-License-Identifier: Apache-2.0
#include "core/state/threads/kind.hpp"

namespace cairn::state {

extern const Kind threads_kind;
const Kind threads_kind = {
    .name = "threads",
    .section = CAIRN_CTX_THREADS,
    .version = 1,
    .oldest = 1,
    .required = true,
    .obstacle = nullptr,
    .capture = capture_threads,
    .read = read_plain<ThreadsState>,
    .check = check_threads,
    .prepare = prepare_threads,
    .documentation =
        {"threads: registers, names, CPUs, scheduling, robust lists",
         "in the section THREADS; the rest of the registers is in the signal frame in their memory",
         "resumed only where the CPU has every feature and the frames have the same size; numbers need "
         "CAP_CHECKPOINT_RESTORE; where they change, locks that know their owner are mended, numbers that the "
         "program has stored itself are not",
         "tests/state/threads/threads.cpp"},
};

}  // namespace cairn::state
