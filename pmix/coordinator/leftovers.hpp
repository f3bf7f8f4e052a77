// SPDX-License-Identifier: Apache-2.0
// What a killed mpirun leaves, and who comes next removes: its runtime directory, Open MPI's session directory,
// attempts at a snapshot. What must be known for that is in the runtime directory: `owner`, written when the directory
// is made, before it has its name, and `job`, written by the real mpirun's process before it becomes that. Directories
// of versions before have neither; their name is the pid. One that is being made has neither for a moment: it is left
// alone for an hour.
//
// Only what belongs to this user and to processes that are known to be gone. Nothing here is worth a failure of the
// command that calls it. Ordinary code, any thread; several may clean at a time.
#pragma once

#include <string>
#include <string_view>

#include "core/base/process_mark.hpp"

namespace cairn::pmix {

struct Owner {
  static constexpr const char* type = "owner";
  ProcessMark process;   // our mpirun
  std::string snapshot;  // where it puts its snapshot; may not exist
  template <class A>
  void fields(A& a) {
    process.fields(a), a("snapshot", snapshot);
  }
};

struct RealJob {
  static constexpr const char* type = "job";
  ProcessMark process;    // the real mpirun
  std::string temporary;  // the directory in which it makes its session directory
  template <class A>
  void fields(A& a) {
    process.fields(a), a("temporary", temporary);
  }
};

// In the name of a runtime directory that is being made, behind the number.
inline constexpr std::string_view kUnfinished = ".new-";

// `directory` is the runtime directory. Throw cairn::Error.
void write_owner(const std::string& directory, const std::string& snapshot);
void write_job(const std::string& directory);

// `user_directory`: the one that holds the user's runtime directories.
void remove_leftovers(const std::string& user_directory) noexcept;

}  // namespace cairn::pmix
