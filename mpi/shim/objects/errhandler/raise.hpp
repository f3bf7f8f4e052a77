// SPDX-License-Identifier: Apache-2.0
// The error path of every call. Guest thread pointer, no lock held, outside of the real library.
#pragma once

#include "mpi/shim/handle.hpp"

namespace cairn::shim {

// Invokes the guest's error handler of the object (fatal: prints what Open MPI prints and ends the job; user function;
// return). Gives the code the call must return. comm may be null or unusable: then MPI_COMM_WORLD's handler is used, as
// the real library does. `function` like "MPI_Send".
int raise(ompi_communicator_t* comm, int code, const char* function) noexcept;
int raise(ompi_win_t* win, int code, const char* function) noexcept;
int raise(ompi_file_t* file, int code, const char* function) noexcept;
// Datatypes have no handler: MPI_COMM_WORLD's.
int raise(ompi_datatype_t* type, int code, const char* function) noexcept;

// What is wrong with a handle that is not usable().
inline int invalid_handle(const ompi_communicator_t*) noexcept { return MPI_ERR_COMM; }
inline int invalid_handle(const ompi_win_t*) noexcept { return MPI_ERR_WIN; }
inline int invalid_handle(const ompi_file_t*) noexcept { return MPI_ERR_FILE; }
inline int invalid_handle(const ompi_datatype_t*) noexcept { return MPI_ERR_TYPE; }

}  // namespace cairn::shim
