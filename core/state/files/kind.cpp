// SPDX-License-Identifier: Apache-2.0
#include "core/state/files/kind.hpp"

#include "core/context/format.h"

namespace cairn::state {

extern const Kind file_records_kind;
const Kind file_records_kind = {
    .name = FileRecords::section_name,
    .section = CAIRN_CTX_FILE_RECORDS,
    .version = 1,
    .oldest = 1,
    .required = false,
    .obstacle = nullptr,
    .capture = capture_file_records,
    .read = read_plain<FileRecords>,
    .check = check_file_records,
    .prepare = prepare_file_records,
    .documentation =
        {"content of files that are open or mapped shared",
         "by reference, with size, times and checksums of both ends; small ones that are written also whole",
         "at a restart a longer one is cut, the rest being kept beside it; a shorter, replaced or missing "
         "one is refused; a kept one that is missing is made again",
         "tests/state/files/comparison.py"},
};

}  // namespace cairn::state
