// SPDX-License-Identifier: Apache-2.0
// MPI_..._set_name and _get_name: names are the guest's.
#pragma once

#include <cstring>

#include "mpi/shim/objects/errhandler/raise.hpp"

namespace cairn::shim {

template <class Guest>
int name_set(Guest* object, const char* name, const char* function) {
  if (!usable(object)) return raise(object, invalid_handle(object), function);
  if (name == nullptr) return raise(object, MPI_ERR_ARG, function);
  std::strncpy(object->name, name, MPI_MAX_OBJECT_NAME - 1);
  object->name[MPI_MAX_OBJECT_NAME - 1] = '\0';
  return MPI_SUCCESS;
}

template <class Guest>
int name_get(Guest* object, char* name, int* length, const char* function) {
  if (!usable(object)) return raise(object, invalid_handle(object), function);
  if (name == nullptr || length == nullptr) return raise(object, MPI_ERR_ARG, function);
  std::strcpy(name, object->name);
  *length = static_cast<int>(std::strlen(name));
  return MPI_SUCCESS;
}

}  // namespace cairn::shim
