// SPDX-License-Identifier: Apache-2.0
// What is saved by reference: the path, under which it must still be found. Regular files and directories.
#pragma once

#include "core/state/descriptors/descriptor_kind.hpp"

namespace cairn::state {

struct ReferenceDetail {
  std::int64_t offset = 0;
  std::uint64_t device = 0, inode = 0, size = 0;
  template <class Archive>
  void fields(Archive& a) {
    a(offset, device, inode, size);
  }
};

ReferenceDetail describe_reference(const OpenFile& file);
// The path must still lead to it. Throws TemporaryError.
void check_reference(const OpenFile& file);
// Does the path still lead to the file? What the kernel shows for a file that is there no more is no path.
bool is_at_its_path(const OpenFile& file);
// Opens the path as it was opened, but for what open() does to a file only once. Throws EnvironmentError if it is not
// there, or `fits` says that it is of another kind.
UniqueFd reopen_path(const Description& description, bool (*fits)(const Description&, const struct stat&));
// reopen_path(), and back to the offset.
UniqueFd reopen_reference(const Description& description, bool (*fits)(const Description&, const struct stat&));

}  // namespace cairn::state
