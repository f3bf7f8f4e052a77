// SPDX-License-Identifier: Apache-2.0
// In a restart: memory that several ranks of this node have mapped is made by the first of them that comes to it, and
// found by the others through a file in the directory that mpirun has on this node, by the memory's name. On the thread
// that revives the program.
#pragma once

#include <string>
#include <vector>

#include "core/base/unique_fd.hpp"

namespace cairn::mpi {

class CommonMemory {
 public:
  // A descriptor for the caller. Throws if there is none to be had.
  int open(const std::string& name);
  // All have opened what they need.
  void close();

 private:
  struct Made {
    std::string path;
    UniqueFd memory;
  };
  std::vector<Made> made_;
};

}  // namespace cairn::mpi
