// SPDX-License-Identifier: Apache-2.0
// Where the program is between MPI_Init and MPI_Finalize. Any thread.
#pragma once

#include <cstdint>

namespace cairn::crcp {

enum class InitState : std::uint8_t { before, initialized, finalized };
InitState init_state() noexcept;
int thread_level() noexcept;     // MPI_THREAD_..., as provided; MPI_THREAD_SINGLE before Init
bool thread_is_main() noexcept;  // the calling thread called MPI_Init

}  // namespace cairn::crcp
