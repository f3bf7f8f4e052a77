// SPDX-License-Identifier: Apache-2.0
// mpirun's own standard input, as far as rank 0 has to know it. Ordinary code.
#pragma once

#include <string>
#include <vector>

#include "core/abi/forwarded_input.hpp"

namespace cairn::launcher {

// What there is for rank 0; nothing to lose if `arguments` give it to nobody, to another rank or to all.
ForwardedInput forwarded_input(const std::vector<std::string>& arguments);

// In the child that becomes the real mpirun. When that has been stopped and goes on it reads its terminal, whether
// there is something or not, and forwards no signal before it has got some: so it reads without waiting, through an
// open file of its own, since ours is the shell's.
void read_terminal_without_waiting();

}  // namespace cairn::launcher
