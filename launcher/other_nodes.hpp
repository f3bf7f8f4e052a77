// SPDX-License-Identifier: Apache-2.0
// Where ranks may run. Ordinary code.
#pragma once

#include <string>
#include <vector>

namespace cairn::launcher {

// Whether `words`, options of mpirun, or a batch system may place ranks on other nodes than this one: what is not here
// may be there.
bool may_use_other_nodes(const std::vector<std::string>& words);

}  // namespace cairn::launcher
