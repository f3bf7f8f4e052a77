// SPDX-License-Identifier: Apache-2.0
// Small questions about an area, and how it is named to the user.
#pragma once

#include <string>
#include <string_view>

#include "core/context/area.hpp"

namespace cairn::state {

// "7f0000000000-7f0000001000"
std::string range(const Area& area);
// The same with the file's name, if it has one.
std::string named_range(const Area& area);
// Is it among VmFlags ("lo", "hg", ...)?
bool has_flag(const Area& area, std::string_view flag);

}  // namespace cairn::state
