// SPDX-License-Identifier: Apache-2.0
// What mpirun was told when the job was started, for the mpirun that restarts it. Ordinary code, plain data.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace cairn::launcher {

struct Told {
  std::vector<std::string> arguments;      // of the real mpirun, with the programs
  std::vector<std::string> own_arguments;  // Cairn's
  std::string directory;                   // in which it was started
  std::uint64_t ranks = 0;
};

// The answers to what depends on the machine.
struct Paths {
  std::function<std::string(const std::string&)> here;    // where the file of that path is now (relocation)
  std::function<std::string(const std::string&)> unused;  // the name itself, or one like it where nothing is yet
  // Where snapshots are to go that went there; without it: there.
  std::function<std::string(const std::string&)> snapshots = {};
};

// Placement, binding, MCA parameters, output and all other options of the first command, without what `anew` says
// differently and without programs. Files that options name by a relative path are those in the old directory. Output
// goes where none is yet, since Open MPI would empty the files. The number of ranks is the job's. Each application
// context is there again if the number of its ranks is known.
std::vector<std::string> tell_again(const Told& told, const std::vector<std::string>& anew, const Paths& paths);

// Names of variables that `words`, options of mpirun, give the ranks: -x NAME=VALUE, -x NAME. Without those that would
// have to come from this environment, and are not there.
std::vector<std::string> variables_told(const std::vector<std::string>& words);

// `path`, if there is nothing; else "<path>.restart-1", or with the next number that is free.
std::string unused_name(const std::string& path);

}  // namespace cairn::launcher
