// SPDX-License-Identifier: Apache-2.0
// All predefined objects, from the generated list.
#pragma once

#include "mpi/shim/handle.hpp"

namespace cairn::shim {

struct PredefinedObject {
  Handle* handle;
  Kind kind;
  const char* name;  // symbol
};
extern const PredefinedObject predefined_objects[];
extern const int predefined_count;

// Behaviour of MPI_ERRORS_ARE_FATAL and its like (errhandler.cpp).
void prepare_errhandlers();

// Typed access to a predefined object of ours.
template <class T, class P>
inline T* predefined(P& object) noexcept {
  return reinterpret_cast<T*>(&object);
}

}  // namespace cairn::shim
