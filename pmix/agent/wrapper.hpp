// SPDX-License-Identifier: Apache-2.0
// What stands between Open MPI's launcher and a rank: a script, or a command like timeout, that has started the rank's
// program and waits for it. It is no part of the rank's snapshot. Ordinary code, any thread.
#pragma once

#include <string>

namespace cairn::pmix {

// The command line of the outermost that is there now; empty if this process was started by the launcher itself, or
// whoever stood between has become the program (exec) or has ended.
std::string wrapper_of_this_process();

}  // namespace cairn::pmix
