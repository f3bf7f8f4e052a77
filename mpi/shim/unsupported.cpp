// SPDX-License-Identifier: Apache-2.0
#include "mpi/shim/unsupported.hpp"

#include <cstdio>

#include "mpi/shim/kinds.hpp"

namespace cairn::shim {

std::size_t describe_obstacle(char* text, std::size_t capacity, const char* what, const char* name,
                              const char* how) noexcept {
  const bool named = name[0] != '\0';
  const int n =
      std::snprintf(text, capacity, "%s%s%s%s exists (%s)", what, named ? " '" : "", name, named ? "'" : "", how);
  return n > 0 ? static_cast<std::size_t>(n) : 0;
}

// Backwards: what is made of other objects is named before them, a file before the datatype that it uses.
std::size_t first_unsupported(char* text, std::size_t capacity) {
  const auto kinds = object_kinds();
  for (auto kind = kinds.rbegin(); kind != kinds.rend(); ++kind) {
    if (kind->obstacle == nullptr) continue;
    if (const std::size_t n = kind->obstacle(text, capacity); n != 0) return n;
  }
  return 0;
}

}  // namespace cairn::shim
