// SPDX-License-Identifier: Apache-2.0
// Programs that manage hosted processes or whole jobs gain nothing by being hosted themselves. Needs libc only; safe in
// the child of a vfork and in signal handlers.
#pragma once

#include <string.h>

namespace cairn::guest {

inline const char* base_name(const char* path) {
  const char* slash = strrchr(path, '/');
  return slash != nullptr ? slash + 1 : path;
}

inline bool never_hosted(const char* path) {
  constexpr const char* kOthers[] = {"cr_run",          "cr_checkpoint", "cr_restart",   "cr_info", "mpirun",
                                     "mpiexec",         "orterun",       "orted",        "prterun", "prted",
                                     "ompi-checkpoint", "ompi-restart",  "ompi-snapshot"};
  const char* const name = base_name(path);
  if (strncmp(name, "cairn-", 6) == 0) return true;
  for (const char* other : kOthers) {
    if (strcmp(name, other) == 0) return true;
  }
  return false;
}

}  // namespace cairn::guest
