// SPDX-License-Identifier: Apache-2.0
// POSIX timers: the functions of their row.
#pragma once

#include "core/context/format.h"
#include "core/state/image.hpp"
#include "core/state/kind.hpp"
#include "core/state/timers/state.hpp"

namespace cairn::state {

std::vector<std::uint8_t> capture_timers(Capture& capture);
std::unique_ptr<Reviver> prepare_timers(Restart& restart);

}  // namespace cairn::state
