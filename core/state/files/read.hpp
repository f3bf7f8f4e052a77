// SPDX-License-Identifier: Apache-2.0
// The section FILE_RECORDS of any version. Ordinary code; the bytes are hostile: PermanentError.
#pragma once

#include <span>
#include <utility>

#include "core/base/codec.hpp"
#include "core/state/files/state.hpp"

namespace cairn::state {

inline constexpr std::uint32_t kFileRecordsVersion = 3;

// As they were before version 3.
struct OldFileRecord {
  FileRecord record;
  template <class Archive>
  void fields(Archive& a) {
    FileRecord& r = record;
    a(r.path, r.directory, r.written, r.memory, r.standard, r.mode, r.device, r.inode, r.size, r.modified_ns, r.born_ns,
      r.sampled, r.head, r.tail, r.kept, r.content);
  }
};

struct OldFileRecords {
  std::vector<OldFileRecord> files;
  std::vector<SavedContent> saved;
  template <class Archive>
  void fields(Archive& a) {
    a(files, saved);
  }
};

inline FileRecords read_file_records(std::span<const std::uint8_t> bytes, std::uint32_t version) {
  struct Version1 {
    std::vector<OldFileRecord> files;
    void fields(Decoder& a) { a(files); }
  };
  if (version > 2) return decode<FileRecords>(bytes, FileRecords::section_name);
  OldFileRecords old;
  if (version == 1) {
    old.files = decode<Version1>(bytes, FileRecords::section_name).files;
  } else {
    old = decode<OldFileRecords>(bytes, FileRecords::section_name);
  }
  FileRecords records;
  for (OldFileRecord& one : old.files) records.files.push_back(std::move(one.record));
  records.saved = std::move(old.saved);
  return records;
}

}  // namespace cairn::state
