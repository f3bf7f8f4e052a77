// SPDX-License-Identifier: Apache-2.0
// Users, groups and capabilities of the guest's threads: the functions of their row.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/context/format.h"
#include "core/state/credentials/state.hpp"
#include "core/state/image.hpp"
#include "core/state/kind.hpp"

namespace cairn::state {

// `handed_on`: the word of the host before (core/state/beginning.hpp): what another program's capabilities were made
// before this one was executed counts as chosen.
void begin_credentials(const std::string& handed_on);
const std::string& credentials_word();
// What the process was started with: to be called before the guest runs. Only the first call counts. Capabilities that
// it has been lent (restart::Options::lent) are not among that.
void note_start_credentials();
void note_lent_capabilities(std::uint64_t capabilities);
// Of this thread, one of the host's.
void give_back_lent_capabilities() noexcept;
// Its supplementary groups before, of which this user namespace does not know all: they are saved again.
void note_saved_groups(const std::vector<std::uint32_t>& groups);
// What that was, as bytes, and the same in a host that takes this one's place (core/state/beginning.hpp).
std::vector<std::uint8_t> told_start_credentials();
void note_start_credentials_as(std::span<const std::uint8_t> told);
// The program has other ones by its own choice, even if they should be those of this place.
void note_chosen_credentials(bool identity, bool capabilities);

std::vector<std::uint8_t> capture_credentials(Capture& capture);
void check_credentials(const Image& image);
std::unique_ptr<Reviver> prepare_credentials(Restart& restart);

}  // namespace cairn::state
