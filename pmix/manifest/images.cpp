// SPDX-License-Identifier: Apache-2.0
#include "pmix/manifest/images.hpp"

#include "core/base/error.hpp"
#include "core/context/group_index.hpp"

namespace cairn::manifest {

void for_each_image(const std::string& snapshot, const Rank& rank,
                    const std::function<void(const context::Reader& image, const std::string& process)>& look) {
  const std::string path = snapshot + "/" + rank.path;
  look(context::Reader::open(path), "");
  if (rank.members == 0) return;
  const std::string directory = context::group_beside(path);
  const context::GroupIndex index = context::read_group_index(directory, rank.tree_checksum);
  if (!index.leader_beside || index.processes.size() != rank.members ||
      index.processes.front().checksum != rank.statistics.checksum)
    throw PermanentError(directory + " is not the tree of " + path);
  for (std::size_t i = 1; i < index.processes.size(); ++i) {
    const context::GroupProcess& process = index.processes[i];
    if (!process.ended)
      look(context::open_member(directory, index, i),
           "process " + std::to_string(process.pid) + " (" + process.name + ")");
  }
}

}  // namespace cairn::manifest
