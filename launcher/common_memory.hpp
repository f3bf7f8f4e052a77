// SPDX-License-Identifier: Apache-2.0
// Ranks that had memory in common (MPI_Win_allocate_shared) can only be brought back on one node. What of that is known
// before a job is launched. Ordinary code.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/context/reader.hpp"

namespace cairn::launcher {

class CommonMemory {
 public:
  // Once for each rank, in their order.
  void look_at(const context::Reader& image);
  // Several ranks have some.
  bool exists() const;
  // `nodes`: by rank. Throws EnvironmentError if ranks that had some together are on several.
  void check(const std::vector<std::string>& nodes) const;

 private:
  std::size_t ranks_ = 0;
  std::map<std::string, std::set<std::size_t>> ranks_of_;  // by the memory's name
};

// The node of each rank in what Open MPI's mpirun prints as its map of a job; nothing if one is missing.
std::optional<std::vector<std::string>> read_map(const std::string& printed, std::size_t ranks);

// Where that mpirun would put the ranks, from `command`, which becomes ours, and launches nothing. Nothing if it is not
// known before the nodes have been asked: a file of hosts does not say how many slots each has.
std::optional<std::vector<std::string>> foresee_nodes(const std::vector<std::string>& command, std::size_t ranks);

}  // namespace cairn::launcher
