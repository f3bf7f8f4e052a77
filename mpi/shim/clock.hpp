// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace cairn::shim {

// After a restart: MPI_Wtime does not jump.
void clock_resume() noexcept;

}  // namespace cairn::shim
