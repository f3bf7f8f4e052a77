// SPDX-License-Identifier: Apache-2.0
// Where the parts of this installation (or build tree) are, seen from the running program, and the real mpirun.
#pragma once

#include <string>

namespace cairn::launcher {

std::string own_prefix();  // of <prefix>/bin/<program>
std::string mpi_host();    // libexec/cairn/cairn-mpi-host; throws EnvironmentError if it is not there
// Open MPI's own mpirun: CAIRN_REAL_MPIRUN, else what was found when Cairn was built, else the first mpirun in PATH
// that is not this program. Throws EnvironmentError.
std::string real_mpirun();
// Throws EnvironmentError if this very process has become "the real mpirun" before: something leads back to us.
void guard_against_recursion();

}  // namespace cairn::launcher
