// SPDX-License-Identifier: Apache-2.0
// The one way the guest's MPI library includes mpi.h: without the C++ bindings, with the functions that MPI-3
// removed (the real library still exports them, so must we), and without the macros that forbid their use.
#pragma once

#define OMPI_SKIP_MPICXX 1
#define OMPI_OMIT_MPI1_COMPAT_DECLS 0
#define OMPI_WANT_MPI_INTERFACE_WARNING 0

// clang-format off
#include <mpi.h>
#include <mpi-ext.h>
// clang-format on

// The profiling name is the function, the plain name a weak alias of it, as in the real library. Write after the
// definition, in the same file: CAIRN_MPI_WEAK(MPI_Send)
#define CAIRN_MPI_WEAK(name) extern "C" decltype(P##name) name __attribute__((weak, alias("P" #name)))

// Puts a definition into the shared library's dynamic symbol table (everything else is hidden).
#define CAIRN_MPI_EXPORT extern "C" __attribute__((visibility("default")))
