// SPDX-License-Identifier: Apache-2.0
// Seccomp filters that a process was started under, as all in a container are, belong to the place: a restart's is
// under those of its own. What the program has put on itself since, or another before it executed this one, cannot be
// had again.
//
// Ordinary code. Begun once, on the main thread, before anything is changed.
#pragma once

#include <string>

namespace cairn::state {

// `handed_on`: the word of the host before, or empty: this is the first.
void begin_sandbox(const std::string& handed_on);
// For the next host.
std::string sandbox_word();
// How many filters there were.
unsigned filters_at_start() noexcept;

}  // namespace cairn::state
