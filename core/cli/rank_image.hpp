// SPDX-License-Identifier: Apache-2.0
// Images of MPI ranks, which cannot be restarted one by one. Ordinary code.
#pragma once

#include <string>

#include "core/context/reader.hpp"

namespace cairn::cli {

// Throws ArgumentError, which says what to do instead, if the image is of a rank. `path`: where it is, if that is
// known.
void refuse_rank(const context::Reader& image, const std::string& path);

}  // namespace cairn::cli
