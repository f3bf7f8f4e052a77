// SPDX-License-Identifier: Apache-2.0
// What must be known of the options of Open MPI 4.1's mpirun. Ordinary code.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace cairn::launcher {

// How many words follow this option. An unknown one is taken to have none.
std::size_t argument_count(const std::string& option);

// The real mpirun's arguments with the names of `variables` exported to every application context's ranks.
std::vector<std::string> export_variables(const std::vector<std::string>& arguments,
                                          const std::vector<std::string>& variables);

}  // namespace cairn::launcher
