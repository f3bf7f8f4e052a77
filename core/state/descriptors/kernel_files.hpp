// SPDX-License-Identifier: Apache-2.0
// Files of the kernel's own file systems that are regular ones by their mode, and of which it keeps something with the
// open file: opened again they are not what they were, and nobody tells what that was. Ordinary code.
#pragma once

#include <string_view>

#include "core/state/descriptors/descriptor_kind.hpp"

namespace cairn::state {

// What is kept with a file that is open in this way ("a trigger that has been written to it"); null: nothing is.
// `system` as statfs(2) has it in f_type.
const char* kept_by_kernel(unsigned long system, std::string_view path, int flags) noexcept;

// Throws TemporaryError.
void refuse_kept_by_kernel(const OpenFile& file);

}  // namespace cairn::state
