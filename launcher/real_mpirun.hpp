// SPDX-License-Identifier: Apache-2.0
// Where Open MPI's own mpirun is. Ordinary code.
#pragma once

#include <string>

namespace cairn::launcher {

// Open MPI's own mpirun: CAIRN_REAL_MPIRUN, else what was found when Cairn was built, else the first mpirun in PATH
// that is not this program. Throws EnvironmentError.
std::string real_mpirun();
// Throws EnvironmentError if this very process has become "the real mpirun" before: something leads back to us.
void guard_against_recursion();

}  // namespace cairn::launcher
