// SPDX-License-Identifier: Apache-2.0
// Descriptors and open file descriptions, as captured and revived. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cairn::state {

enum class FileKind : std::uint32_t {
  regular = 0,
  directory = 1,
  device = 2,    // one of the harmless ones: null, zero, full, random, urandom, tty
  standard = 3,  // shared with descriptor 0, 1 or 2 and not reopenable: bound to the new process's
};

// One open file description. Several descriptors may refer to it.
struct Description {
  FileKind kind = FileKind::regular;
  std::string path;
  std::uint32_t flags = 0;  // O_*, as F_GETFL
  std::int64_t offset = 0;
  std::uint64_t device = 0, inode = 0, special_device = 0, size = 0;
  std::int32_t standard = -1;          // 0, 1 or 2: the new process's descriptor to use if it is open
  std::int32_t owner = 0, signal = 0;  // F_GETOWN, F_GETSIG
  template <class Archive>
  void fields(Archive& a) {
    a(kind, path, flags, offset, device, inode, special_device, size, standard, owner, signal);
  }
};

struct Descriptor {
  std::int32_t number = 0;
  std::uint32_t description = 0;  // index
  bool close_on_exec = false;
  template <class Archive>
  void fields(Archive& a) {
    a(number, description, close_on_exec);
  }
};

struct FilesState {
  static constexpr std::uint32_t version = 1;
  std::vector<Description> descriptions;
  std::vector<Descriptor> descriptors;
  template <class Archive>
  void fields(Archive& a) {
    a(descriptions, descriptors);
  }
};

}  // namespace cairn::state
