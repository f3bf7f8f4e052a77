// SPDX-License-Identifier: Apache-2.0
#include "core/state/system_v/kind.hpp"

namespace cairn::state {

extern const Kind system_v_kind;
const Kind system_v_kind = {
    .name = SystemVState::section_name,
    .section = CAIRN_CTX_SYSTEM_V,
    .version = 1,
    .oldest = 1,
    .required = false,
    .obstacle = system_v_obstacle,
    .capture = capture_system_v,
    .read = read_plain<SystemVState>,
    .check = check_system_v,
    .prepare = prepare_system_v,
    .documentation = {"System V shared memory, semaphores and message queues, by libc's functions; SEM_UNDO",
                      "in the section SYSTEM V: key, rights, values, messages; memory that is attached is an area",
                      "those that the tree has made or attached are what they were, others must be there; the same "
                      "number where it can "
                      "be had, else the program goes on with the old one; times and last users are new; memory that a "
                      "process outside "
                      "of the tree has attached is refused",
                      "tests/state/system_v/system_v.py"},
};

}  // namespace cairn::state
