// SPDX-License-Identifier: Apache-2.0
// Paths of any length: the kernel takes 4095 bytes at once. Ordinary code, any thread.
#pragma once

#include <string>

#include "core/base/unique_fd.hpp"

namespace cairn {

// Opens a directory (O_PATH), walking to it where its path is too long. Nothing, with errno, if that is not possible.
UniqueFd open_directory(const std::string& path);

}  // namespace cairn
