// SPDX-License-Identifier: Apache-2.0
// The guest's descriptors: the functions of their row.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/context/format.h"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/descriptors/state.hpp"
#include "core/state/group_scope.hpp"
#include "core/state/image.hpp"
#include "core/state/kind.hpp"

namespace cairn::state {

// Remembers what the process was started with at 0, 1 and 2. Before the guest may change it; the first call counts.
void note_standard_files() noexcept;
// What that was, as bytes, and the same in a host that takes this one's place (core/state/beginning.hpp).
std::vector<std::uint8_t> told_standard_files();
void note_standard_files_as(std::span<const std::uint8_t> told);

// What that is; in a group, what its leader was started with (core/state/group_scope.hpp).
StandardFiles standard_files() noexcept;

// What the process was started with at 0 is a pipe through which somebody forwards his own input, and in which nobody
// knows what has been read: while there is unread input in it, nothing can be saved.
void note_forwarded_input() noexcept;

// Whether a checkpoint may be taken while standard input has what the program has not read. On the thread that takes
// it.
void allow_unread_input(bool allowed) noexcept;
// Whether connections with others than the process and its group are saved, to be reset at a restart. Likewise.
void reset_outside_connections(bool allowed) noexcept;
bool outside_connections_are_reset() noexcept;

// The guest's descriptors as they are now.
std::vector<OpenFile> guest_files(bool guest_stands);

void descriptors_obstacle(const cairn_guest& guest);
std::vector<std::uint8_t> capture_descriptors(Capture& capture);
// The section in any version that was ever written. Throws PermanentError.
FilesState decode_files(std::span<const std::uint8_t> bytes, std::uint32_t version);
// The numbers of the descriptors in a context file, of which nothing else is looked at. Throws as Reader::open().
std::vector<int> numbers_in(const std::string& context_file);
void read_descriptors(Image& image, std::span<const std::uint8_t> bytes, std::uint32_t version);
void check_descriptors(const Image& image);
// Opens what has to be opened, moves everything to its number, closes what the guest did not have.
std::unique_ptr<Reviver> prepare_descriptors(Restart& restart);

}  // namespace cairn::state
