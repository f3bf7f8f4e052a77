// SPDX-License-Identifier: Apache-2.0
// Bits of cairn_system_v_object::made. Handed on: the program may be told that number, by whoever has executed it, and
// has not used the object yet.
#pragma once

#include <cstdint>

namespace cairn {

inline constexpr std::uint32_t system_v_made = 1, system_v_handed_on = 2;

}  // namespace cairn
