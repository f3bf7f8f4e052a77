// SPDX-License-Identifier: Apache-2.0
// Error classes, codes and strings that the application added. The real library numbers them; the calls are kept and
// repeated after a restart, which gives the same numbers.
#pragma once

namespace cairn::shim {

// In the new real library. Crosses. MPI_SUCCESS or an error code.
int error_codes_rebuild();

}  // namespace cairn::shim
