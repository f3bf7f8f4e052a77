// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/kind.hpp"

namespace cairn::state {

extern const Kind descriptors_kind;
const Kind descriptors_kind = {
    .name = FilesState::section_name,
    .section = CAIRN_CTX_FILES,
    .version = 2,
    .oldest = 1,
    .required = true,
    .obstacle = descriptors_obstacle,
    .capture = capture_descriptors,
    .read = read_descriptors,
    .check = check_descriptors,
    .prepare = prepare_descriptors,
    .documentation = {"descriptors: which share a description, numbers, close-on-exec, flags, owner",
                      "in the section FILES; each description is of one of the kinds below",
                      "what no kind knows is refused by name, and as owner whoever is not saved with it, and threads",
                      "tests/state/descriptors/files.cpp"},
};

}  // namespace cairn::state
