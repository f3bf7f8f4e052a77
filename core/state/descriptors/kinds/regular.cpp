// SPDX-License-Identifier: Apache-2.0
// Regular files, by reference. One that the process was started with and that is gone is of the kind `standard`.
#include "core/state/descriptors/kernel_files.hpp"
#include "core/state/descriptors/kinds/by_reference.hpp"

namespace cairn::state {
namespace {

bool recognise(const OpenFile& file) {
  return S_ISREG(file.status.st_mode) && file.path.starts_with("/") && (file.standard < 0 || is_at_its_path(file));
}

std::vector<std::uint8_t> describe(const OpenFile& file, const OpenFiles& /*all*/) {
  check_reference(file);
  refuse_kept_by_kernel(file);
  ReferenceDetail detail = describe_reference(file);
  return encode(detail);
}

void check(const Description& description) { static_cast<void>(detail_of<ReferenceDetail>(description)); }

bool fits(const Description& /*description*/, const struct stat& status) { return S_ISREG(status.st_mode); }

}  // namespace

extern const DescriptorKind regular_descriptor;
const DescriptorKind regular_descriptor = {
    .number = regular_file_number,
    .name = "regular file",
    .inheritable = true,
    .recognise = recognise,
    .describe = describe,
    .check = check,
    .reopen = [](const Description& description) { return reopen_reference(description, fits); },
    .refill = nullptr,
    .documentation =
        {"regular file", "by reference: path, flags, offset",
         "must still be at its path; locks, memfd and deleted files are refused, and files of /proc, /sys and the like "
         "with which the kernel keeps more than a position; nothing of the content is kept",
         "tests/state/descriptors/files.cpp"},
};

}  // namespace cairn::state
