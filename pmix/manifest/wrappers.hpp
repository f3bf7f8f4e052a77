// SPDX-License-Identifier: Apache-2.0
// Of scripts and commands that wait for the ranks' programs, and are in no snapshot: what to say of them. Ordinary
// code.
#pragma once

#include <string>

#include "pmix/manifest/manifest.hpp"

namespace cairn::manifest {

// Which ranks run under what, and what comes of that, in a sentence for all of them; empty if none does.
std::string note_of_wrappers(const Sequence& sequence);

}  // namespace cairn::manifest
