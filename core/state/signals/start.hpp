// SPDX-License-Identifier: Apache-2.0
// Which dispositions the program has from whoever started it: nohup ignores SIGHUP, a shell without job control ignores
// SIGINT and SIGQUIT in what it starts in the background. They were inherited unless the program has set them, or they
// differ from what the first program was started with; that is handed on through exec.
//
// Ordinary code. Begun once, on the main thread, before the guest runs.
#pragma once

#include <cstdint>
#include <string>

#include "core/abi/guest_table.h"
#include "core/state/signals/state.hpp"

namespace cairn::state {

// `handed_on`: the word of the host before, or empty: this is the first.
void begin_dispositions(const std::string& handed_on);
// For the next host.
std::string dispositions_word();

// SignalsState::inherited for what there is now.
std::uint64_t inherited_signals(const cairn_guest& guest, const SignalsState& now);
// A restart: what is not among them stays a choice.
void note_inherited_signals(std::uint64_t inherited);

}  // namespace cairn::state
