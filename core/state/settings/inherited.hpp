// SPDX-License-Identifier: Apache-2.0
// What a process is started with and a restart must not force on another place: CPUs, scheduling, umask, limits, OOM
// score. It was inherited unless it differs from what the first program was started with: that is handed on through
// exec, in a word for the next host, so that `taskset` inside of what was started counts as a choice.
//
// Ordinary code. Begun once, on the main thread, before anything is changed.
#pragma once

#include <cstdint>
#include <string>

#include "core/state/settings/state.hpp"
#include "core/state/threads/state.hpp"

namespace cairn::state {

// `handed_on`: the word of the host before, or empty: this is the first. `stack_limit`: the guest's soft one, if the
// host has set it aside for itself.
void begin_inheritance(const std::string& handed_on, std::uint64_t stack_limit);
// For the next host.
const std::string& inheritance_word();

// CPUs and scheduling of a thread, as they are now.
void read_scheduling(int tid, ThreadState& thread);
bool inherited_cpus(int tid, const ThreadState& thread);
bool inherited_scheduling(int tid, const ThreadState& thread);
// A restart has given the thread what it chose in an earlier life.
void note_chosen_scheduling(int tid, bool cpus, bool scheduling);
// What this place has for a thread that has inherited it.
const ThreadState& scheduling_of_place();

// Bits of SettingsState::inherited for what the process has now.
std::uint32_t inherited_by_process();
// A restart: what is not among them stays a choice.
void note_inherited(std::uint32_t inherited);

}  // namespace cairn::state
