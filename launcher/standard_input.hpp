// SPDX-License-Identifier: Apache-2.0
// mpirun's own standard input, as far as rank 0 has to know it. Ordinary code.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace cairn::launcher {

// The text for forwarded_input_variable; nothing for a terminal, /dev/null and the like, or if `arguments` give it to
// nobody, to another rank or to all.
std::optional<std::string> forwarded_input(const std::vector<std::string>& arguments);

}  // namespace cairn::launcher
