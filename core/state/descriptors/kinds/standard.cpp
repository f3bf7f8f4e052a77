// SPDX-License-Identifier: Apache-2.0
// The terminal, pipe or socket that the process was started with at 0, 1 or 2, wherever the program has moved it since,
// or a file there that has been deleted: bound to the new process's. Where that has none, /dev/null stands in.
#include <fcntl.h>

#include <cerrno>

#include "core/base/error.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"

namespace cairn::state {
namespace {

void check(const Description& description) {
  if (description.standard < 0 || !description.detail.empty())
    throw PermanentError("the description of " + description.path + " makes no sense");
}

UniqueFd reopen(const Description& /*description*/) {
  UniqueFd fd(open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!fd) throw EnvironmentError(with_errno("/dev/null", errno));
  return fd;
}

}  // namespace

extern const DescriptorKind standard_descriptor;
const DescriptorKind standard_descriptor = {
    .number = 3,
    .name = "standard",
    .inheritable = true,
    .recognise = [](const OpenFile& file) { return file.standard >= 0; },
    .describe = [](const OpenFile&) { return std::vector<std::uint8_t>(); },
    .check = check,
    .reopen = reopen,
    .refill = nullptr,
    .documentation = {"terminal, pipe, socket or deleted file that was inherited at 0, 1 or 2",
                      "bound to what cr_restart or the new mpirun has there",
                      "/dev/null where the new process has nothing", "tests/state/process/settings.cpp"},
};

}  // namespace cairn::state
