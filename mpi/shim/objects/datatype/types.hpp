// SPDX-License-Identifier: Apache-2.0
// Derived datatypes as recipes: the call that made them with copies of its arguments, laid out as
// MPI_Type_get_contents gives them. A recipe lives as long as a handle, another recipe, or a pending operation needs
// it; so the log does not grow with the number of calls.
#pragma once

#include <cstdint>
#include <vector>

#include "mpi/shim/handle.hpp"
#include "mpi/shim/objects/datatype/hold.hpp"

namespace cairn::shim {

// A datatype that another one is made of: exactly one of the two.
struct TypeChild {
  MPI_Datatype predefined = nullptr;
  TypeRecipe* recipe = nullptr;
};

struct TypeRecipe {
  std::uint32_t references = 0;   // parents and the handle
  std::uint32_t handle_uses = 0;  // how often the application has been given the handle, and not freed it
  std::uint32_t holds = 0;        // pending operations (type_hold)
  std::uint64_t serial = 0;       // creation order; children are older
  int combiner = MPI_COMBINER_NAMED;
  bool committed = false;
  bool permanent = false;  // MPI_Type_create_f90_...: never freed
  std::vector<int> integers;
  std::vector<MPI_Aint> addresses;
  std::vector<TypeChild> children;
  RealDatatype* real = nullptr;    // null without a handle
  const Layout* layout = nullptr;  // ours; null until it is asked for
  MPI_Datatype handle = nullptr;   // while anybody uses or holds it: functions of pending operations are given it, too
};

// Of a recipe that is dropped (window/layout.cpp).
void forget_layout(const Layout* layout) noexcept;

TypeChild child_of(MPI_Datatype type) noexcept;
// Makes the real datatype that the recipe describes. Crosses. MPI error code.
int recipe_build(TypeRecipe& recipe);
void recipe_drop(TypeRecipe* recipe);  // one reference
// A handle for a recipe, new or the one there is.
MPI_Datatype recipe_handle(TypeRecipe* recipe);
// Builds the new datatype and gives it a handle, or drops the recipe. In a section; MPI error code.
int type_add(TypeRecipe* recipe, MPI_Datatype* newtype);
// The same for a call of the application: errors go to MPI_COMM_WORLD's handler.
int type_make(TypeRecipe* recipe, MPI_Datatype* newtype, const char* name);

}  // namespace cairn::shim
