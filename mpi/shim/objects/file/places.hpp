// SPDX-License-Identifier: Apache-2.0
// Are the files that are open still where they were opened? Asking a file server may take for ever: the names are
// gathered under the lock, and looked at without it.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace cairn::shim {

struct FilePlace {
  std::string path, label;  // label: what the application calls it
  dev_t device;
  ino_t inode;
};

// With the lock of mpi/crcp/gate.hpp held.
std::vector<FilePlace> file_places();
// Without it. Empty, or which one is not there any more.
std::string displaced_file(const std::vector<FilePlace>& places);

}  // namespace cairn::shim
