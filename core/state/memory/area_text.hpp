// SPDX-License-Identifier: Apache-2.0
// How an area is named to the user.
#pragma once

#include <string>

#include "core/context/area.hpp"

namespace cairn::state {

// "7f0000000000-7f0000001000"
std::string range(const Area& area);
// The same with the file's name, if it has one.
std::string named_range(const Area& area);

}  // namespace cairn::state
