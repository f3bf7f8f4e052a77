// SPDX-License-Identifier: Apache-2.0
// Directories, by reference.
#include "core/state/descriptors/kinds/by_reference.hpp"

namespace cairn::state {
namespace {

bool recognise(const OpenFile& file) { return S_ISDIR(file.status.st_mode) && !file.path.empty(); }

std::vector<std::uint8_t> describe(const OpenFile& file, const OpenFiles& /*all*/) {
  check_reference(file);
  ReferenceDetail detail = describe_reference(file);
  return encode(detail);
}

void check(const Description& description) { static_cast<void>(detail_of<ReferenceDetail>(description)); }

bool fits(const Description& /*description*/, const struct stat& status) { return S_ISDIR(status.st_mode); }

}  // namespace

extern const DescriptorKind directory_descriptor;
const DescriptorKind directory_descriptor = {
    .number = 1,
    .name = "directory",
    .inheritable = false,
    .recognise = recognise,
    .describe = describe,
    .check = check,
    .reopen = [](const Description& description) { return reopen_reference(description, fits); },
    .refill = nullptr,
    .documentation = {"directory", "by reference: path, flags, offset", "must still be at its path",
                      "tests/state/descriptors/files.cpp"},
};

}  // namespace cairn::state
