// SPDX-License-Identifier: Apache-2.0
// What a process that has ended in the middle of a checkpoint has left where the checkpoint was to be. Ordinary code.
#pragma once

#include <string>

namespace cairn::host {

// Before a file is whole it, or a group's directory, is `.NAME.unfinished-PID`; what is written to has one dot and one
// number more (core/context/target_file.hpp).
std::string unfinished_name(const std::string& name);
// Says that somebody writes to it, for as long as the descriptor is open: processes of other machines, too, look into
// a directory of a file server.
void mark_in_use(int fd) noexcept;
// Removes from the directory what is unfinished, this user's, of a process that is gone, and not in use.
void remove_leftovers(int directory) noexcept;

}  // namespace cairn::host
