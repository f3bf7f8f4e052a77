// SPDX-License-Identifier: Apache-2.0
// What ompi-restart is told for mpirun, looked at before anything is launched. Ordinary code.
#pragma once

#include <string>
#include <vector>

namespace cairn::launcher {

// `anew`: the words of --mpirun_opts. Throws ArgumentError for those that would start something else than the
// snapshot's ranks, and for those that mpirun does not know.
void check_anew(const std::vector<std::string>& anew);

// Files of nodes and places, and files to be copied, that `words`, options of mpirun, name. Throws EnvironmentError for
// one that cannot be read here.
void check_files_told(const std::vector<std::string>& words);

}  // namespace cairn::launcher
