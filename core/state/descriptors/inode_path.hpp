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

// Of a file whose path the kernel shows as deleted: another one in the same directory. Who makes a file under a name
// for the moment and links it to the right one (libc, semaphores with names), or makes it by O_TMPFILE, is shown the
// former. Empty: there is none.
std::string find_other_link(const std::string& deleted, dev_t device, std::uint64_t inode);

}  // namespace cairn::state
