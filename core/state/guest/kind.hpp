// SPDX-License-Identifier: Apache-2.0
// libcr's table in the guest: the functions of its row.
#pragma once

#include "core/state/guest/state.hpp"
#include "core/state/image.hpp"
#include "core/state/kind.hpp"

namespace cairn::state {

std::vector<std::uint8_t> capture_guest(Capture& capture);
void check_guest(const Image& image);
// Finds the table in the revived memory.
std::unique_ptr<Reviver> prepare_guest(Restart& restart);

}  // namespace cairn::state
