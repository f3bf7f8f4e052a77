// SPDX-License-Identifier: Apache-2.0
// Where a running mpirun can be found by its owner: <base>/cairn-<uid>/<pid>/, all of it mode 0700.
// It is made beside that place (leftovers.hpp), and has the name once it says whose it is: who looks there, on another
// machine or in another container too, sees no half of it.
// It holds the socket for tools (tool_channel.hpp), notes of whose it is (leftovers.hpp) and `cookie`, a secret (mode
// 0600) that every request must show.
//
// <base> is CAIRN_RUNTIME_DIR, else TMPDIR, else /tmp, of mpirun's environment, which a tool of the same user (or
// root) reads from /proc. Both sides refuse directories and files that another user owns or may enter.
#pragma once

#include <sys/types.h>

#include <string>

#include "pmix/coordinator/leftover_removal.hpp"

namespace cairn::pmix {

// mpirun's side. Made by the constructor, removed by the destructor.
class RuntimeDirectory {
 public:
  // `snapshot`: the directory of the job's snapshot. First removes what killed mpiruns left (leftovers.hpp). Throws
  // EnvironmentError.
  explicit RuntimeDirectory(const std::string& snapshot);
  ~RuntimeDirectory();
  RuntimeDirectory(const RuntimeDirectory&) = delete;
  RuntimeDirectory& operator=(const RuntimeDirectory&) = delete;

  // Lets tools find this mpirun: once it can answer them. Throws EnvironmentError.
  void publish();

  const std::string& path() const { return path_; }
  const std::string& cookie() const { return cookie_; }

 private:
  std::string path_, cookie_;
};

// For tools: what mpiruns of this user that were killed have left, in the base directory of our environment.
LeftoverRemoval remove_leftovers_of_killed();

// The tool's side: what leads to mpirun `pid`.
struct MpirunAddress {
  pid_t pid = 0;          // of our mpirun
  uid_t owner = 0;        // its user
  std::string directory;  // its runtime directory
  std::string cookie;     // empty: the directory has none any more, but mpirun listens by its number
};
// `pid` is our mpirun or the real one that it started. Throws ArgumentError (no such process, no mpirun --with-cr),
// EnvironmentError (not ours, or without a directory), TemporaryError (an mpirun that cannot be reached yet).
MpirunAddress find_mpirun(pid_t pid);

}  // namespace cairn::pmix
