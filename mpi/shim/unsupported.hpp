// SPDX-License-Identifier: Apache-2.0
// Objects and operations that cannot be checkpointed yet. They run; while one is alive, first_unsupported() names it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cairn::shim {

enum class Unsupported : std::uint8_t {
  persistent_collective,
  io_request,
  rma_request,
  generalized_request,
  thread_multiple,
  dynamic_process,
  mpit_session,
  count,
  none = count  // a non-blocking collective: one that has begun is complete when the job has settled
};
void note_unsupported_enter(Unsupported what, const char* function) noexcept;
void note_unsupported_leave(Unsupported what) noexcept;

// Writes a text like "an open file 'out.dat' exists (MPI_File_open)" and returns its length; 0 if nothing stands in
// the way.
std::size_t first_unsupported(char* text, std::size_t capacity);

}  // namespace cairn::shim
