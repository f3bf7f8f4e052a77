// SPDX-License-Identifier: Apache-2.0
// The path of a mapped file. The kernel writes newlines as "\\012", but leaves backslashes as they are, and has "
// (deleted)" behind a path that leads there no more: what it shows may mean several things, and the inode decides.
// Ordinary code.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "core/base/shared_text.hpp"

namespace cairn::state {

struct ShownPath {
  SharedText path;
  bool deleted = false;
};

// All three as in /proc/self/maps.
ShownPath path_of_mapping(const std::string& shown, std::uint64_t device, std::uint64_t inode);

// Answers that are remembered, for a table of mappings in which the same files come again and again.
class ShownPaths {
 public:
  const ShownPath& of(const SharedText& shown, std::uint64_t device, std::uint64_t inode);
  // Something else than a regular file is there.
  bool is_no_file(const std::string& path);

 private:
  struct Known {
    SharedText shown;  // that the key lies in
    ShownPath path;
  };
  std::map<std::tuple<std::uint64_t, std::uint64_t, std::string_view>, Known> shown_;
  std::map<std::string, bool> no_file_;
};

}  // namespace cairn::state
