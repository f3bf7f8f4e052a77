// SPDX-License-Identifier: Apache-2.0
// What several open file descriptions are ends of, and what they hold against others. Plain values.
#pragma once

#include <compare>
#include <cstdint>
#include <vector>

namespace cairn::state {

// At the checkpoint, as all processes of the machine see it: for a pipe, what fstat() says.
struct ObjectIdentity {
  std::uint64_t device = 0, inode = 0;
  auto operator<=>(const ObjectIdentity&) const = default;
  template <class Archive>
  void fields(Archive& a) {
    a(device, inode);
  }
};

struct SharedObject {
  std::uint32_t kind = 0;  // DescriptorKind::number of its ends
  ObjectIdentity identity;
  std::int32_t owner = 0;            // the process that has saved it, by its number then
  std::vector<std::uint8_t> detail;  // the kind's own struct, encoded; empty if that is another one's to say
  template <class Archive>
  void fields(Archive& a) {
    a(kind, identity, owner, detail);
  }
};

// A lock that an open file description has on its file.
struct HeldLock {
  std::uint32_t description = 0;  // index in FilesState
  bool whole = false;             // flock(); else one of F_OFD_SETLK
  bool exclusive = false;
  std::int64_t start = 0, length = 0;  // bytes; 0: to the end of the file, wherever it is
  template <class Archive>
  void fields(Archive& a) {
    a(description, whole, exclusive, start, length);
  }
};

struct SharedObjects {
  static constexpr const char* section_name = "ipc";
  std::vector<SharedObject> objects;  // by identity
  std::vector<HeldLock> locks;
  // The process has something in common with others that were saved with it, and is restarted together with them.
  bool with_others = false;
  template <class Archive>
  void fields(Archive& a) {
    a(objects, locks, with_others);
  }
};

}  // namespace cairn::state
