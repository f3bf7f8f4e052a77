// SPDX-License-Identifier: Apache-2.0
// The path of a mapped file. The kernel writes newlines as "\\012", but leaves backslashes as they are, and has "
// (deleted)" behind a path that leads there no more: what it shows may mean several things, and the inode decides.
// Ordinary code.
#pragma once

#include <cstdint>
#include <string>

namespace cairn::state {

struct ShownPath {
  std::string path;
  bool deleted = false;
};

// `shown` as in /proc/self/maps.
ShownPath path_of_mapping(const std::string& shown, std::uint64_t inode);

}  // namespace cairn::state
