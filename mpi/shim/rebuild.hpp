// SPDX-License-Identifier: Apache-2.0
// After a restart: every object again, behind the handles that the application holds.
#pragma once

#include <cstddef>

namespace cairn::shim {

// Before the cut, with the library free and at work in all ranks: all kinds' complete(). Callback thread.
void complete_all() noexcept;
// Before the cut, with the library free: all kinds' park(). Callback thread.
void park_all() noexcept;
// Instead of rebuild_all(), if the library stays.
void unpark_all() noexcept;

// The whole job has been restarted and everybody is at the gate: binds the new real library, re-creates every object
// behind its handle. Collective over all ranks, uses MPI_COMM_WORLD and what it creates; called on libcr's callback
// thread. MPI_SUCCESS, or an MPI error code with a reason in `text`.
int rebuild_all(char* text, std::size_t capacity);

}  // namespace cairn::shim
