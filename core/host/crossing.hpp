// SPDX-License-Identifier: Apache-2.0
// How the guest crosses (docs/crossing.md): full until it is known that less is enough, and what $CAIRN_CROSSING
// allows.
#pragma once

#include <cstdint>
#include <string>

#include "core/abi/host_table.h"

namespace cairn::host {

// Whether $CAIRN_CROSSING is set.
bool crossing_is_asked_for() noexcept;
// What it says: full, light or check; CAIRN_CROSSING_LIGHT if it is not set, CAIRN_CROSSING_FULL if it says nothing of
// these.
std::uint32_t wanted_crossing() noexcept;
// The word if it is none of these; else empty.
std::string unknown_crossing();
// check,around=NAME: this function is to be called around its entry, to see that it is found. Null: none.
const char* masked_entry() noexcept;

// The guest's threads cross so from now on; `why` if it is not as wanted.
void set_crossing(std::uint32_t crossing, const std::string& why);
std::string crossing_text();  // "light", "full: libucs.so.0 ..."

// The guest knows full ones only, whatever is set. Either thread pointer.
void forbid_light_crossings() noexcept;

void show_crossing_in(cairn_table& table) noexcept;

}  // namespace cairn::host
