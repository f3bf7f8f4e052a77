// SPDX-License-Identifier: Apache-2.0
#include "core/state/starter/kind.hpp"

namespace cairn::state {

extern const Kind starter_kind;
const Kind starter_kind = {
    .name = StarterState::section_name,
    .section = CAIRN_CTX_STARTER,
    .version = 1,
    .oldest = 1,
    .required = false,
    .obstacle = nullptr,
    .capture = capture_starter,
    .read = read_plain<StarterState>,
    .check = nullptr,
    .prepare = prepare_starter,
    .documentation =
        {"modes of the terminal; O_NONBLOCK, O_APPEND, O_ASYNC and O_DIRECT of what was inherited at 0, 1, 2",
         "in the section STARTER, with which of them the program has set: these are set again in the new "
         "place, and cr_restart puts back what was there at the end; a window of another size is told by "
         "SIGWINCH, new modes by SIGCONT to a handler",
         "modes only if the program was in the foreground of its controlling terminal, and is now; not the "
         "speed of the line",
         "tests/state/starter/terminal.py"},
};

}  // namespace cairn::state
