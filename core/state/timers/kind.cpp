// SPDX-License-Identifier: Apache-2.0
#include "core/state/timers/kind.hpp"

namespace cairn::state {

extern const Kind timers_kind;
const Kind timers_kind = {
    .name = "timers",
    .section = CAIRN_CTX_TIMERS,
    .version = 1,
    .oldest = 1,
    .required = true,
    .obstacle = nullptr,
    .capture = capture_timers,
    .read = read_plain<TimersState>,
    .check = nullptr,
    .prepare = prepare_timers,
    .documentation = {"POSIX timers", "in the section TIMERS: number, clock, signal, time that was left",
                      "overruns that were not read are lost; one on the clock of a thread that has ended, or that "
                      "was made past libc on that of one of several threads, is refused; before Linux 6.15 numbers are "
                      "reached by counting up",
                      "tests/state/timers/timers.cpp"},
};

}  // namespace cairn::state
