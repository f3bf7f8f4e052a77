// SPDX-License-Identifier: Apache-2.0
// The variable by which a user chooses how calls into MPI cross into the host (docs/crossing.md): full, light or check.
#pragma once

namespace cairn {

inline constexpr const char* crossing_variable = "CAIRN_CROSSING";

}  // namespace cairn
