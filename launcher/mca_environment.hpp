// SPDX-License-Identifier: Apache-2.0
// MCA parameters that mpirun is told by its environment: a job's as much as those among its options. Ordinary code.
#pragma once

#include <string>
#include <vector>

namespace cairn::launcher {

// "NAME=VALUE" of all that are set now, without those by which Open MPI's daemons and batch systems tell a process what
// it is, and the keys of a job.
std::vector<std::string> mca_environment();

// Those of `told`, a manifest's, that the new mpirun shall have: neither are they set now, nor does an option of `anew`
// say the same. Nothing that is no MCA parameter.
std::vector<std::string> mca_environment_again(const std::vector<std::string>& told,
                                               const std::vector<std::string>& anew);

// Sets such entries.
void set_environment(const std::vector<std::string>& entries);

}  // namespace cairn::launcher
