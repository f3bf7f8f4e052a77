// SPDX-License-Identifier: Apache-2.0
// Whether a program may come to call MPI: what a rank starts beside itself (sh, date, sed ...) does not, and need not
// wait until Open MPI's components, and the libraries of all networks, are loaded (some 200 ms).
#pragma once

#include <string>

namespace cairn::mpi {

// False only if the file is readable, bound to well-known libraries alone, and opens none itself (dlopen), but for a
// few programs whose dlopen() is for extensions of their own; and nothing is preloaded into it. Host threads.
bool may_call_mpi(const std::string& program);

}  // namespace cairn::mpi
