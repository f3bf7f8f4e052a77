// SPDX-License-Identifier: Apache-2.0
// Files that several ranks of a snapshot write to. Ordinary code.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/context/reader.hpp"

namespace cairn::launcher {

class SharedFiles {
 public:
  // Once for each image.
  void look_at(const context::Reader& image);
  // Their paths as saved, and how long they were when the last of the ranks stood still: what a rank that stopped
  // earlier must not cut off.
  std::vector<std::pair<std::string, std::uint64_t>> lengths() const;

 private:
  struct Written {
    std::uint64_t length = 0;
    unsigned ranks = 0;
  };
  std::map<std::string, Written> files_;
};

}  // namespace cairn::launcher
