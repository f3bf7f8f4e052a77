// SPDX-License-Identifier: Apache-2.0
// Dispositions and pending signals: the functions of their row.
#pragma once

#include "core/context/format.h"
#include "core/state/image.hpp"
#include "core/state/kind.hpp"
#include "core/state/signals/state.hpp"

namespace cairn::state {

// Throws for a handler that was installed behind libc's back.
void check_handlers(const cairn_guest& guest);
std::vector<std::uint8_t> capture_signals(Capture& capture);
void read_signals(Image& image, std::span<const std::uint8_t> bytes, std::uint32_t version);
void check_signals(const Image& image);
std::unique_ptr<Reviver> prepare_signals(Restart& restart);

}  // namespace cairn::state
