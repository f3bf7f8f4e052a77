// SPDX-License-Identifier: Apache-2.0
#include "core/state/files/kind.hpp"

#include "core/context/format.h"
#include "core/state/files/read.hpp"

namespace cairn::state {
namespace {

void keep_file_records(Image& image, std::span<const std::uint8_t> bytes, std::uint32_t version) {
  image.keep(read_file_records(bytes, version));
}

}  // namespace

extern const Kind file_records_kind;
const Kind file_records_kind = {
    .name = FileRecords::section_name,
    .section = CAIRN_CTX_FILE_RECORDS,
    .version = kFileRecordsVersion,
    .oldest = 1,
    .required = false,
    .obstacle = nullptr,
    .capture = capture_file_records,
    .read = keep_file_records,
    .check = check_file_records,
    .prepare = prepare_file_records,
    .documentation = {"content of files that are open or mapped shared",
                      "by reference, with size, times and checksums, of big ones only of both ends; small ones that "
                      "are written also "
                      "whole; with "
                      "--save-files all that are written",
                      "at a restart a longer one is cut, the rest being kept beside it; a shorter, replaced or missing "
                      "one is refused; a big one of another time is used, which is said; a kept one that is missing is "
                      "made again; a saved one is put back as it was, what is there "
                      "being kept beside it",
                      "tests/state/files/comparison.py"},
};

}  // namespace cairn::state
