// SPDX-License-Identifier: Apache-2.0
// Whether what a manifest says of mpirun's command line can be told an mpirun again. Ordinary code.
#pragma once

#include "launcher/snapshot.hpp"

namespace cairn::launcher {

// Throws PermanentError if Cairn's own options make no sense, or the programs have other numbers of ranks than the job.
void check_command(const Snapshot& snapshot);

}  // namespace cairn::launcher
