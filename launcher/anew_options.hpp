// SPDX-License-Identifier: Apache-2.0
// What ompi-restart is told for mpirun, looked at before anything is launched. Ordinary code.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cairn::launcher {

// `anew`: the words of --mpirun_opts. Throws ArgumentError for those that would start something else than the
// snapshot's ranks, of which there are `ranks`, and for those that mpirun does not know.
void check_anew(const std::vector<std::string>& anew, std::uint64_t ranks);

// Files and working directories that `words`, options of mpirun, name. Throws EnvironmentError for one that cannot be
// read, or entered, here.
void check_files_told(const std::vector<std::string>& words);

}  // namespace cairn::launcher
