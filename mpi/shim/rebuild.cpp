// SPDX-License-Identifier: Apache-2.0
#include "mpi/shim/rebuild.hpp"

#include <cstdio>

#include "mpi/shim/kinds.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {

void complete_all() noexcept {
  for (const ObjectKind& kind : object_kinds())
    if (kind.complete != nullptr) kind.complete();
}

void park_all() noexcept {
  for (const ObjectKind& kind : object_kinds())
    if (kind.park != nullptr) kind.park();
}

void unpark_all() noexcept {
  for (const ObjectKind& kind : object_kinds())
    if (kind.unpark != nullptr) kind.unpark();
}

int rebuild_all(char* text, std::size_t capacity) {
  bind_real();
  for (const ObjectKind& kind : object_kinds()) {
    const int rc = kind.rebuild != nullptr ? kind.rebuild() : MPI_SUCCESS;
    if (rc == MPI_SUCCESS) continue;
    char reason[MPI_MAX_ERROR_STRING] = "";
    int length = 0;
    cross(real.Error_string, rc, static_cast<char*>(reason), &length);
    const std::string culprit = kind.culprit != nullptr ? " (" + kind.culprit() + ")" : "";
    std::snprintf(text, capacity, "cannot make %s again: %s%s", kind.title, reason, culprit.c_str());
    return rc;
  }
  return MPI_SUCCESS;
}

}  // namespace cairn::shim
