// SPDX-License-Identifier: Apache-2.0
// May the guest call the MPI library with its own thread pointer? (docs/crossing.md)
#pragma once

namespace cairn::mpi {

// MPI_Init is over, host's thread pointer: decides how the guest crosses, now and whenever something else is opened.
// What was asked for and cannot be is said on standard error, by the first rank.
void choose_crossing();
// MPI_Finalize is over: in check mode, says how often which entry was called.
void tell_entry_calls();

}  // namespace cairn::mpi
