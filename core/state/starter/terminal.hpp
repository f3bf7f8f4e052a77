// SPDX-License-Identifier: Apache-2.0
// Modes of a terminal as values. Ordinary code.
#pragma once

#include <sys/types.h>

#include <optional>

#include "core/state/starter/state.hpp"

namespace cairn::state {

// Nothing if `fd` is no terminal.
std::optional<TerminalModes> modes_of(int fd);
// A mask of what differs. Fields of several bits differ as a whole; the speed never does, since it is the line's.
TerminalModes difference(const TerminalModes& a, const TerminalModes& b);
TerminalModes united(const TerminalModes& a, const TerminalModes& b);
// `there` with what `mask` says from `wanted`.
TerminalModes combined(const TerminalModes& there, const TerminalModes& wanted, const TerminalModes& mask);
// False with errno. Stops nobody only if SIGTTOU is blocked, or the caller is in the foreground.
bool set_modes(int fd, const TerminalModes& modes);

// The guest's first descriptor of its controlling terminal, or -1; and if its process group is in the foreground there.
int controlling_terminal();
bool in_foreground(int terminal);

}  // namespace cairn::state
