// SPDX-License-Identifier: Apache-2.0
// The path of a file of which only the inode is known. Ordinary code.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace cairn::state {

struct InodeHandle {
  dev_t device = 0;
  std::uint64_t inode = 0;
  int type = 0;       // of the handle
  std::string bytes;  // as name_to_handle_at() gives it; empty: none
};

// By its handle, which takes rights of the administrator; else if it is where a program's files mostly are: its working
// directory and what lies in it, what it has open, and the directories above all these. Empty: not found, or deleted.
std::string find_inode_path(const InodeHandle& handle);

}  // namespace cairn::state
