// SPDX-License-Identifier: Apache-2.0
// Info objects live in the guest; the real library sees copies for the time of a call.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "mpi/shim/handle.hpp"

namespace cairn::shim {

struct InfoStore {
  std::vector<std::pair<std::string, std::string>> items;  // in the order of MPI_Info_set
};

// A guest info object with what the real one holds; the real one is freed. Crosses.
ompi_info_t* info_adopt(RealInfo* real_info);
ompi_info_t* info_copy(const ompi_info_t* info);
// Adds hints to those that there are, if any.
void info_add(ompi_info_t*& to, const ompi_info_t* more);
void info_drop(ompi_info_t* info) noexcept;  // null is fine

}  // namespace cairn::shim
