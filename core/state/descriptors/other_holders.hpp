// SPDX-License-Identifier: Apache-2.0
// Which pipes, sockets and deleted files other processes have open, from /proc. Ordinary code.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "core/state/shared_objects/state.hpp"

namespace cairn::state {

// "process 4711 (make)"
std::string described_process(const std::string& process);
// Is the process, or has it been, one of those that are saved together with this one, or this one? While it is not
// known yet who these are: may it be one?
bool is_saved_together(pid_t process);
// The same of a process group.
bool is_group_saved_together(pid_t group);
// Of POSIX. `path` leads to what `status` describes.
bool is_message_queue(const std::string& path, const struct stat& status);
// Each pipe, FIFO, socket, message queue, end of a pseudo-terminal and file without a path that a process has open, as
// far as this one may look at it.
void look_at_objects(const std::string& process, const std::function<void(const ObjectIdentity&)>& found);
// Is it the leader of the group that is saved, or one of his process group or session if these are, or a descendant of
// theirs? False without a group.
bool may_be_of_group(pid_t pid);

class OtherHolders {
 public:
  // Looks at all processes that this one may look at, but itself, and who may be of its group.
  OtherHolders();
  // "process 4711 (make)"; empty if none of them has it open.
  std::string of(const ObjectIdentity& file) const;

 private:
  std::map<ObjectIdentity, std::string> process_of_;
};

// Which deleted files, and memory that has none, other processes have mapped shared.
class OtherMappings {
 public:
  OtherMappings();
  // As maps shows it. Of a file: by its inode alone, since what is shown as the device is not always what fstat() says.
  std::string of_memory(std::uint64_t device, std::uint64_t inode) const;
  std::string of_file(std::uint64_t inode) const;

 private:
  void look_at(const std::string& process);

  std::map<std::pair<std::uint64_t, std::uint64_t>, std::string> process_of_;  // by inode and device
};

}  // namespace cairn::state
