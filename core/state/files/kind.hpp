// SPDX-License-Identifier: Apache-2.0
// Files by reference, open or mapped: the functions of their row.
#pragma once

#include "core/state/files/state.hpp"
#include "core/state/image.hpp"
#include "core/state/kind.hpp"

namespace cairn::state {

// After the areas are known.
std::vector<std::uint8_t> capture_file_records(Capture& capture);
void check_file_records(const Image& image);
// Compares all files with their records, and refuses in one message. Makes again what is missing and was kept; cuts
// what has grown.
std::unique_ptr<Reviver> prepare_file_records(Restart& restart);

}  // namespace cairn::state
