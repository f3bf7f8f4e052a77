// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace cairn::guest {

// Is this process traced by a program that has a host, as a debugger in the tree is? What it executes then runs without
// one: the debugger is to see that program, and its first stops, and no other. Signal-safe and vfork-safe; no TLS.
bool is_traced_by_guest();

}  // namespace cairn::guest
