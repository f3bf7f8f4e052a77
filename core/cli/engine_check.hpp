// SPDX-License-Identifier: Apache-2.0
// An engine that is asked for by its name, looked for before anything is started that would need it. Ordinary code.
#pragma once

#include <string>

namespace cairn::cli {

// Throws ArgumentError if there is no such engine, EnvironmentError if it cannot be had on this machine. `option`: what
// has named it.
void check_engine(const std::string& option, const std::string& engine);

}  // namespace cairn::cli
