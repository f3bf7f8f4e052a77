// SPDX-License-Identifier: Apache-2.0
// What happens to the shim's objects when the library is loaded and when MPI begins and ends. Guest thread pointer.
#pragma once

namespace cairn::shim {

// Before anything else (a constructor of the library calls it; idempotent). Also before whatever a program may call
// before MPI_Init and after MPI_Finalize: if the process has been restarted meanwhile, the real library is another one,
// which nobody has bound. Not between them, when a restart does that at its time (rebuild.hpp).
void start();
// Right after the real MPI_Init has returned in the guest's Init: sets MPI_ERRORS_RETURN on world and self, fills
// their handles (members, identity, predefined attributes), calls crcp::comm_created for both.
void after_init();
// First thing in MPI_Finalize: deletes the attributes of MPI_COMM_SELF, then of MPI_COMM_WORLD, with callbacks.
// The first error code of a callback, or MPI_SUCCESS.
int before_finalize();
// MPI_Finalize has deleted the attributes of MPI_COMM_SELF: from then on MPI_Finalized says that MPI is over.
bool self_is_gone() noexcept;
// The real MPI_Finalize has returned.
void after_finalize();

}  // namespace cairn::shim
