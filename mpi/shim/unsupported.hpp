// SPDX-License-Identifier: Apache-2.0
// Objects and operations that cannot be checkpointed yet. They run; while one is alive, a checkpoint is refused.
#pragma once

#include <cstddef>

namespace cairn::shim {

// Writes a text like "an open file 'out.dat' exists (MPI_File_open)" and returns its length; 0 if nothing stands in
// the way.
std::size_t first_unsupported(char* text, std::size_t capacity);

}  // namespace cairn::shim
