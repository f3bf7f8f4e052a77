// SPDX-License-Identifier: Apache-2.0
// Removes what a process that is gone has left, where anybody may have put something else in its place. Ordinary code,
// any thread.
#pragma once

#include <string>

namespace cairn {

// What `name` is in the directory `parent` (a descriptor), with all below it. A symbolic link is removed, never
// followed; what belongs to another user, or lies on another file system, stays, and so does all above it. False if
// something stays.
bool remove_tree(int parent, const std::string& name) noexcept;

}  // namespace cairn
