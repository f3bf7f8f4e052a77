// SPDX-License-Identifier: Apache-2.0
#include "core/state/signals/kind.hpp"

namespace cairn::state {

extern const Kind signals_kind;
const Kind signals_kind = {
    .name = "signals",
    .section = CAIRN_CTX_SIGNALS,
    .version = 2,
    .oldest = 1,
    .required = true,
    .obstacle = check_handlers,
    .capture = capture_signals,
    .read = read_signals,
    .check = check_signals,
    .prepare = prepare_signals,
    .documentation =
        {"signal handlers, pending signals",
         "in the section SIGNALS; queued real-time signals with their values; a signal that the program never set is "
         "ignored or not as the new place has it (nohup, a shell's background job)",
         "of standard signals and those of one thread the number alone; handlers installed without libc are refused",
         "tests/state/signals/signals.cpp"},
};

}  // namespace cairn::state
