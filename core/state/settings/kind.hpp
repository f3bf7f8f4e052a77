// SPDX-License-Identifier: Apache-2.0
// What a process and its threads can be set to, beside what the sections PROCESS and THREADS have: the functions of the
// row.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/context/format.h"
#include "core/state/image.hpp"
#include "core/state/kind.hpp"
#include "core/state/settings/state.hpp"

namespace cairn::state {

// What the process was started with: on the main thread, before anything is changed. `handed_on`: what the program that
// this one was executed by was started with, so that what a program sets for the next counts as a choice; or empty.
void begin_settings(const std::string& handed_on);
std::string settings_word();  // for the next host
// The same, as bytes, and the same in a host that takes this one's place (core/state/beginning.hpp).
std::vector<std::uint8_t> told_start_settings();
void note_start_settings_as(std::span<const std::uint8_t> told);
// Chosen by the program in an earlier life, even if they should be those of this place.
void note_chosen_settings(const SettingsState& state);

// Threads that do not share what all others share, and what no thread can be set to again.
void settings_obstacle(const cairn_guest& guest);
std::vector<std::uint8_t> capture_settings(Capture& capture);
void read_settings(Image& image, std::span<const std::uint8_t> bytes, std::uint32_t version);
void check_settings(const Image& image);
std::unique_ptr<Reviver> prepare_settings(Restart& restart);

}  // namespace cairn::state
