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

// Placement, binding, MCA parameters, output and all other options of the first command, without what `anew` says
// differently and without programs. Files that options name by a relative path are those in the old directory, as
// `here` (relocation) finds them. Each application context is there again if the number of its ranks is known.
std::vector<std::string> tell_again(const Told& told, const std::vector<std::string>& anew,
                                    const std::function<std::string(const std::string&)>& here);

}  // namespace cairn::launcher
