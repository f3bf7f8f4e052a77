// SPDX-License-Identifier: Apache-2.0
#include "core/state/guest/kind.hpp"

#include "core/context/format.h"

namespace cairn::state {

extern const Kind guest_kind;
const Kind guest_kind = {
    .name = GuestState::section_name,
    .section = CAIRN_CTX_GUEST,
    .version = 1,
    .oldest = 1,
    .required = true,
    .obstacle = nullptr,
    .capture = capture_guest,
    .read = read_plain<GuestState>,
    .check = check_guest,
    .prepare = prepare_guest,
    .documentation = {"libcr's table", "address, version and epoch in the section GUEST",
                      "libcr and host must be of the same version", "tests/state/threads/threads.cpp"},
};

}  // namespace cairn::state
