// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace cairn::shim {

// Re-creates the operations of the application in the new real library. MPI error code.
int ops_rebuild();

}  // namespace cairn::shim
