// SPDX-License-Identifier: Apache-2.0
// A datatype stays usable for a pending operation after MPI_Type_free: crcp keeps one of these in requests that must be
// re-posted after a restart. In a section, or the callback thread with the lock held.
#pragma once

#include "mpi/shim/handle.hpp"

namespace cairn::shim {

struct TypeHold {
  MPI_Datatype predefined = nullptr;
  TypeRecipe* recipe = nullptr;  // null for predefined ones
};
TypeHold type_hold(MPI_Datatype type) noexcept;
// Valid until the next restart, correct again after rebuild_all().
RealDatatype* type_real(const TypeHold& hold) noexcept;
void type_release(TypeHold& hold) noexcept;

}  // namespace cairn::shim
