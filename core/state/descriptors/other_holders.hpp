// SPDX-License-Identifier: Apache-2.0
// Which pipes, sockets and deleted files other processes have open, from /proc. Ordinary code.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace cairn::state {

class OtherHolders {
 public:
  // Looks at all processes that this one may look at, but itself, and who may be of its group: the leader and its
  // descendants.
  OtherHolders();
  // "process 4711 (make)"; empty if none of them has it open.
  std::string of(const struct stat& file) const;

 private:
  void look_at(const std::string& process);

  std::map<std::pair<std::uint64_t, std::uint64_t>, std::string> process_of_;  // by device and inode
};

// Which deleted files other processes have mapped shared.
class OtherMappings {
 public:
  OtherMappings();
  // Inodes alone: what is shown as the device is not always what fstat() says.
  std::string of(std::uint64_t inode) const;

 private:
  void look_at(const std::string& process);

  std::map<std::uint64_t, std::string> process_of_;  // by inode
};

}  // namespace cairn::state
