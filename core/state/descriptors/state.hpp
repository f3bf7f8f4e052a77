// SPDX-License-Identifier: Apache-2.0
// Descriptors and open file descriptions, as captured and revived. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cairn::state {

// One open file description. Several descriptors may refer to it.
struct Description {
  std::uint32_t kind = 0;  // DescriptorKind::number
  std::string path;
  std::uint32_t flags = 0;             // O_*, as F_GETFL
  std::int32_t standard = -1;          // 0, 1 or 2: the new process's descriptor to use if it is open
  std::int32_t owner = 0, signal = 0;  // F_GETOWN (negative: a process group), F_GETSIG
  std::vector<std::uint8_t> detail;    // the kind's own struct, encoded
  template <class Archive>
  void fields(Archive& a) {
    a(kind, path, flags, standard, owner, signal, detail);
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
  static constexpr const char* section_name = "files";
  std::vector<Description> descriptions;
  std::vector<Descriptor> descriptors;
  template <class Archive>
  void fields(Archive& a) {
    a(descriptions, descriptors);
  }
};

}  // namespace cairn::state
