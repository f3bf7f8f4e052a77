// SPDX-License-Identifier: Apache-2.0
#include "core/state/kind.hpp"

#include "core/context/format.h"
#include "core/state/image.hpp"
#include "core/state/working_directory/capture.hpp"
#include "core/state/working_directory/revive.hpp"
#include "core/state/working_directory/state.hpp"

namespace cairn::state {

extern const Kind working_directory_kind;
const Kind working_directory_kind = {
    .name = WorkingDirectory::section_name,
    .section = CAIRN_CTX_DIRECTORY,
    .version = 1,
    .oldest = 1,
    .required = false,
    .obstacle = nullptr,
    .capture = capture_working_directory,
    .read = read_plain<WorkingDirectory>,
    .check = check_working_directory,
    .prepare = prepare_working_directory,
    .documentation =
        {"working directory, also one that has been deleted",
         "its path; of a deleted one, in the section DIRECTORY, which of those above it are gone as well, and "
         "its mode: it is made again, entered and removed",
         "must still be at its path, if it is not deleted; of a deleted one what is above it must be there, and "
         "writable; "
         "each process gets one of its own",
         "tests/state/working_directory/deleted.cpp"},
};

}  // namespace cairn::state
