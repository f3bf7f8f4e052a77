// SPDX-License-Identifier: Apache-2.0
// Counts the requests that are not point-to-point, by kind: some cannot be saved while they exist. Any thread.
#pragma once

#include "mpi/p2p/adopt.hpp"

namespace cairn::shim {

// `function` made it; a literal.
void request_begins(p2p::RequestKind kind, const char* function) noexcept;
void request_ends(p2p::RequestKind kind) noexcept;

}  // namespace cairn::shim
