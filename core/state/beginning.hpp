// SPDX-License-Identifier: Apache-2.0
// What the first program of a tree was started with. Each kind that tells what was chosen from what was inherited has
// its part of a word, which every host hands to the next through exec.
//
// Ordinary code. Called once, on the main thread, before anything is changed.
#pragma once

#include <sys/resource.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace cairn::state {

// `handed_on`: the word of the host before, or empty: this is the first. `stack_limit`: the program's.
void begin(const std::string& handed_on, rlim_t stack_limit);
// For the next host. No blanks; with "--cairn-inherited=" it fits into table.host_options.
std::string beginning_word();

// What the kinds have noted of the process's start, as bytes; and the same for a host that takes the place of another
// (core/host/adoption.hpp), before anything is noted there. Throws PermanentError.
std::vector<std::uint8_t> told_start();
void begin_as(std::span<const std::uint8_t> told);

}  // namespace cairn::state
