// SPDX-License-Identifier: Apache-2.0
// The integers that stand for handles in Fortran: one table for each kind. Predefined objects have the integers that
// the real library gives them (they are constants in mpif.h); others get one when somebody first asks.
#pragma once

#include "mpi/shim/handle.hpp"

namespace cairn::shim {

// Asks the real library for the integers of all predefined objects. Once, at start.
void fortran_learn_predefined();

// Writes into a communicator what libmpi_mpifh and libmpi_cxx read there: once its size and its topology are known. It
// does not change afterwards.
void bindings_show(ompi_communicator_t& comm) noexcept;

}  // namespace cairn::shim
