// SPDX-License-Identifier: Apache-2.0
// Where the parts of this installation (or build tree) are, seen from the running program: <prefix>/bin/<program>.
// Ordinary code; throws EnvironmentError.
#pragma once

#include <string>

namespace cairn::cli {

std::string own_prefix();
// <prefix>/libexec/cairn/NAME, which must be there: "cairn-host" for plain programs, "cairn-mpi-host" for ranks.
std::string installed_host(const std::string& name);

}  // namespace cairn::cli
