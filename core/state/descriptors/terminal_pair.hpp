// SPDX-License-Identifier: Apache-2.0
// Which descriptors are ends of which pseudo-terminal. All masters are one inode of /dev/ptmx: which pair one belongs
// to is told by /proc/PID/fdinfo. So a pair is known by its slave: its device and inode, which are there as long as the
// master is. Ordinary code, any thread.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>

#include "core/base/unique_fd.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/shared_objects/state.hpp"

namespace cairn::state {

bool is_terminal_master(const struct stat& status);
bool is_terminal_slave(const struct stat& status);
// What /proc/PID/fd shows for one of the two, as far as paths tell.
bool is_terminal_path(const std::string& path);

// The directory of the slaves, for a master that was opened by this path. `root`: of the process that did so.
std::string slave_directory(const std::string& path, const std::string& root = "");
// N of /dev/pts/N, as fdinfo of a master tells it.
std::optional<unsigned> terminal_number(const std::string& fdinfo);

// Nothing for what is no such end, a master whose slave cannot be found, or a slave whose master is gone. The first is
// of a descriptor of any process, "/proc/4711" and "5".
std::optional<ObjectIdentity> pair_of(const std::string& process, const std::string& number, const struct stat& status);
std::optional<ObjectIdentity> pair_of(const OpenFile& file);

// Slaves only: its master is gone, or its session has lost it (vhangup). It is of no use any more.
bool is_hung_up(int slave);

// Is the terminal behind the descriptor, perhaps /dev/tty, one of which a member of the group has the master?
bool is_terminal_of_group(int fd);

}  // namespace cairn::state
