// SPDX-License-Identifier: Apache-2.0
// Files that several ranks of a snapshot have open or mapped, and one at least writes to. Ordinary code.
#pragma once

#include <cstdint>
#include <map>
#include <set>
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
  // Those whose content a rank has saved while another only reads them.
  std::vector<std::string> put_back() const;

 private:
  struct File {
    std::uint64_t length = 0;
    unsigned writers = 0;
    bool saved = false;
    // Inodes: on several nodes one path may be that of several files.
    std::set<std::uint64_t> written, read;
    bool is_read_by_others() const;
  };
  std::map<std::string, File> files_;
};

}  // namespace cairn::launcher
