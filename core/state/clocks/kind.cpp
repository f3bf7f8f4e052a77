// SPDX-License-Identifier: Apache-2.0
#include "core/state/clocks/kind.hpp"

namespace cairn::state {

extern const Kind clocks_kind;
const Kind clocks_kind = {
    .name = "clocks",
    .section = 0,
    .version = 0,
    .oldest = 0,
    .required = false,
    .obstacle = nullptr,
    .capture = nullptr,
    .read = nullptr,
    .check = nullptr,
    .prepare = prepare_clocks,
    .documentation = {"monotonic clocks, on a younger boot",
                      "a time namespace in which they go on, or an offset in the vdso",
                      "without CAP_SYS_ADMIN absolute deadlines given to the kernel are not shifted",
                      "tests/state/clocks/clocks.cpp"},
};

}  // namespace cairn::state
