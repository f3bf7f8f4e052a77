// SPDX-License-Identifier: Apache-2.0
// Files made what they were, so that nothing of them is lost. Ordinary code; several processes may do it to one file.
#pragma once

#include <string>

#include "core/state/files/state.hpp"

namespace cairn::state {

// Cuts the file to `size`. With `keep` what is cut off is in a new file beside it before: its name, path.after-N. Empty
// if nothing was cut, since another process was faster. Throws EnvironmentError.
std::string cut(const std::string& path, std::uint64_t size, bool keep);
// Makes it with the content that was kept, or empty. Throws EnvironmentError; not if another process was faster.
void make_again(const FileRecord& record, const std::string& path);

}  // namespace cairn::state
