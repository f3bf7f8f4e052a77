// SPDX-License-Identifier: Apache-2.0
// The host calls Extension::before_revive() with it, between Stage::reserve and Stage::memory.
#include "core/state/kind.hpp"

#include "core/context/format.h"
#include "core/state/extension.hpp"
#include "core/state/extension/state.hpp"
#include "core/state/image.hpp"

namespace cairn::state {
namespace {

std::vector<std::uint8_t> capture(Capture& /*capture*/) { return host::extension().save_section(); }

void read(Image& image, std::span<const std::uint8_t> bytes, std::uint32_t /*version*/) {
  image.keep(ExtensionState{{bytes.begin(), bytes.end()}});
}

}  // namespace

extern const Kind extension_kind;
const Kind extension_kind = {
    .name = ExtensionState::section_name,
    .section = CAIRN_CTX_EXTENSION,
    .version = 1,
    .oldest = 1,
    .required = false,
    .obstacle = nullptr,
    .capture = capture,
    .read = read,
    .check = nullptr,
    .prepare = nullptr,
    .documentation = {"what the MPI host adds", "in the section EXTENSION: thread level and what else MPI_Init needs",
                      "only in a job", "tests/mpi/run_matrix.py"},
};

}  // namespace cairn::state
