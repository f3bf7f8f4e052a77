// SPDX-License-Identifier: Apache-2.0
// System V objects: the functions of their row.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/context/format.h"
#include "core/state/image.hpp"
#include "core/state/kind.hpp"
#include "core/state/system_v/state.hpp"

namespace cairn::state {

// "System V message queue 7"
std::string described(std::uint32_t kind, std::int32_t number);

void system_v_obstacle(const cairn_guest& guest);
std::vector<std::uint8_t> capture_system_v(Capture& capture);
void check_system_v(const Image& image);
std::unique_ptr<Reviver> prepare_system_v(Restart& restart);

// The objects of processes that are restarted together, as they were: made again, or found where they still are, with
// values, messages and what of their content is in no area. By what they were, the kernel's number of now. `images` of
// processes that have ended are null. Throws EnvironmentError, PermanentError.
std::map<SystemVName, std::int32_t> make_system_v(std::span<const Image* const> images);

}  // namespace cairn::state
