// SPDX-License-Identifier: Apache-2.0
// Who may write in a snapshot directory: one process at a time, which has locks that end with it, and the note `owner`,
// which says whose the directory is when there is nobody left to ask.
//
// There are two locks. A record lock (F_OFD_SETLK) on `owner` is seen by all machines that share the directory, where
// its file system has such locks at all. flock() on the directory is seen on this machine alone, even where that is all
// there is; older versions have only this one.
//
// Ordinary code; not thread-safe.
#pragma once

#include <optional>
#include <string>

#include "core/base/process_mark.hpp"
#include "core/base/unique_fd.hpp"

namespace cairn::manifest {

inline constexpr char kOwnerFile[] = "owner";

// The owner of an open snapshot directory. Nothing: there is no note (older versions write none), or none that is
// whole.
std::optional<ProcessMark> owner_of(int directory);

class SnapshotLock {
 public:
  enum class Found { free, in_use, removed };

  // Of an open directory, which it keeps. Gives up what it held; unless the directory is free it holds nothing then.
  Found take(UniqueFd directory);
  // Writes down that the directory is this process's. If that cannot be, it is nobody's.
  void note_owner() noexcept;
  // Whether nobody else can be at work in it: what is unfinished there is left over.
  bool alone() const { return alone_; }
  int directory() const { return directory_.get(); }
  // Whether the directory that it has is the one at `path`: somebody may have removed it, or made another.
  bool is_of(const std::string& path) const noexcept;
  // Of the directory `name` in `parent`: removes what is in it, if `all`, and the directory, if it is empty then. The
  // note goes last. False, and the lock is held as before, if something else stays.
  bool end(int parent, const std::string& name, bool all) noexcept;

 private:
  UniqueFd directory_, owner_;  // no owner_: it cannot be made, say because the disk is full
  bool alone_ = false;
};

}  // namespace cairn::manifest
