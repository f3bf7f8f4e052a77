// SPDX-License-Identifier: Apache-2.0
// Terminal and status flags that the process shares with its starter: the functions of the row. What the program has
// set is what differs from the start of the first program of its tree, or was set in an earlier life.
#pragma once

#include <string>

#include "core/context/format.h"
#include "core/state/image.hpp"
#include "core/state/kind.hpp"
#include "core/state/starter/state.hpp"

namespace cairn::state {

// `handed_on`: the word of the host before, or empty: this is the first. Once, on the main thread, before the guest
// runs.
void begin_with_starter(const std::string& handed_on);
// For the next host.
const std::string& starter_word();
// A restart has given the program what it had set in an earlier life.
void note_chosen_with_starter(const StarterState& state);

std::vector<std::uint8_t> capture_starter(Capture& capture);
std::unique_ptr<Reviver> prepare_starter(Restart& restart);

}  // namespace cairn::state
