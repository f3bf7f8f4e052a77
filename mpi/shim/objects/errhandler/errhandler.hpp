// SPDX-License-Identifier: Apache-2.0
// The guest's error handlers. All real communicators and windows have MPI_ERRORS_RETURN; raise() does the
// rest.
#pragma once

#include "mpi/shim/handle.hpp"

namespace cairn::shim {

ompi_errhandler_t* errhandler_share(ompi_errhandler_t* handler) noexcept;
void errhandler_drop(ompi_errhandler_t* handler) noexcept;
ompi_errhandler_t* default_file_errhandler() noexcept;  // of MPI_FILE_NULL

}  // namespace cairn::shim
