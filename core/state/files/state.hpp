// SPDX-License-Identifier: Apache-2.0
// What the files that the program has open or mapped shared were like at the checkpoint. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cairn::state {

// One file or directory by its path, whatever the number of descriptors and mappings.
struct FileRecord {
  std::string path;
  bool directory = false;
  bool written = false;        // the program may write to it
  bool memory = false;         // mapped, and not open any more: memory with a name
  std::int32_t standard = -1;  // 0, 1 or 2: not needed if the new process's descriptor stands for it
  std::uint32_t mode = 0;      // permissions
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t modified_ns = 0, born_ns = 0;  // born: 0 if the file system does not say
  bool sampled = false;                       // checksums of its beginning and its end
  std::uint64_t head = 0, tail = 0;
  bool kept = false;  // small and written: its whole content
  std::vector<std::uint8_t> content;
  // Since version 3: how much of either end the checksums are of, and when its content or its status was changed last
  // (ctime; 0: not known).
  std::uint64_t end = 128 << 10;
  std::int64_t changed_ns = 0;
  template <class Archive>
  void fields(Archive& a) {
    a(path, directory, written, memory, standard, mode, device, inode, size, modified_ns, born_ns, sampled, head, tail,
      kept, content, end, changed_ns);
  }
};

// A file whose content is an object of the context file.
struct SavedContent {
  std::uint32_t file = 0, object = 0;  // by number
  template <class Archive>
  void fields(Archive& a) {
    a(file, object);
  }
};

struct FileRecords {
  static constexpr const char* section_name = "file records";
  std::vector<FileRecord> files;
  std::vector<SavedContent> saved;  // since version 2
  template <class Archive>
  void fields(Archive& a) {
    a(files, saved);
  }
};

}  // namespace cairn::state
