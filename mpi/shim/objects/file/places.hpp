// SPDX-License-Identifier: Apache-2.0
// Are the files that are open still where they were opened? Asking a file server may take for ever: the names are
// gathered under the lock, and looked at without it. Once nobody runs any more, the host asks again
// (core/state/files/capture.cpp).
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace cairn::shim {

struct FilePlace {
  std::string path, label;  // label: what the application calls it
  dev_t device;
  ino_t inode;
  bool operator==(const FilePlace&) const = default;
};

// With the lock of mpi/crcp/gate.hpp held.
std::vector<FilePlace> file_places();
// Without it: those that are not there any more.
std::vector<FilePlace> displaced_files(std::vector<FilePlace> places);

}  // namespace cairn::shim
