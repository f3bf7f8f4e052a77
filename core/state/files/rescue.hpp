// SPDX-License-Identifier: Apache-2.0
// Files made what they were, so that nothing of them is lost. Ordinary code; several processes may do it to one file.
#pragma once

#include <functional>
#include <string>

#include "core/state/files/state.hpp"

namespace cairn::state {

// Cuts the file to `size`. With `keep` what is cut off is in a new file beside it before: its name, path.after-N. Empty
// if nothing was cut, since another process was faster. Throws EnvironmentError.
std::string cut(const std::string& path, std::uint64_t size, bool keep);
// Makes the file what it was: `write` writes the whole content to a descriptor. With `keep` what is there is in a new
// file beside it before: its name. `as_it_was`: is there nothing to do, since another process was faster? Empty then. A
// file that is missing is made. Throws EnvironmentError.
std::string put_back(const FileRecord& record, const std::function<bool()>& as_it_was,
                     const std::function<void(int)>& write, bool keep);
// Makes a missing file with the content that was kept, or empty. Of a file that has been made by another process, which
// may know less of its content, it completes what begins as it shall be. Was there something to write? Throws
// EnvironmentError.
bool make_again(const FileRecord& record, const std::string& path);

}  // namespace cairn::state
