// SPDX-License-Identifier: Apache-2.0
// The path of an open file where it is longer than the kernel tells of a descriptor (4095 bytes). Ordinary code.
#pragma once

#include <string>

#include "core/state/descriptors/descriptor_kind.hpp"

namespace cairn::state {

// Of a regular file or directory; `file.path` is not looked at. For one that has been deleted it is something like a
// path, as everywhere. Empty if nobody tells it: a file that may not be read, a way up that may not be seen.
std::string find_deep_path(const OpenFile& file);

}  // namespace cairn::state
