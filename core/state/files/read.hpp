// SPDX-License-Identifier: Apache-2.0
// The section FILE_RECORDS of any version. Ordinary code; the bytes are hostile: PermanentError.
#pragma once

#include <span>

#include "core/base/codec.hpp"
#include "core/state/files/state.hpp"

namespace cairn::state {

inline constexpr std::uint32_t kFileRecordsVersion = 2;

inline FileRecords read_file_records(std::span<const std::uint8_t> bytes, std::uint32_t version) {
  struct Version1 {
    std::vector<FileRecord> files;
    void fields(Decoder& a) { a(files); }
  };
  if (version == 1) return {decode<Version1>(bytes, FileRecords::section_name).files, {}};
  return decode<FileRecords>(bytes, FileRecords::section_name);
}

}  // namespace cairn::state
