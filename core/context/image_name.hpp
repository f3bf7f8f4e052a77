// SPDX-License-Identifier: Apache-2.0
// What an image that is to be opened by `path` is called, and where it lies: of one that is open already, and opened
// again by the link of its descriptor, what the kernel says. Ordinary code.
#pragma once

#include <string>

namespace cairn::context {

// "standard input" for "-".
std::string image_name(const std::string& path);
// Where objects beside it are.
std::string image_directory(const std::string& path);

}  // namespace cairn::context
