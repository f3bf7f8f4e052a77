// SPDX-License-Identifier: Apache-2.0
// The descriptors' capture has found the objects, and their revival makes them.
#include "core/state/kind.hpp"

#include "core/context/format.h"
#include "core/state/image.hpp"
#include "core/state/shared_objects/state.hpp"

namespace cairn::state {
namespace {

std::vector<std::uint8_t> capture(Capture& capture) {
  if (capture.shared.objects.empty() && capture.shared.locks.empty()) return {};
  return encode(capture.shared);
}

}  // namespace

extern const Kind shared_objects_kind;
const Kind shared_objects_kind = {
    .name = SharedObjects::section_name,
    .section = CAIRN_CTX_IPC,
    .version = 1,
    .oldest = 1,
    .required = false,
    .obstacle = nullptr,
    .capture = capture,
    .read = read_plain<SharedObjects>,
    .check = nullptr,
    .prepare = nullptr,
    .documentation =
        {"what several descriptors are ends of: pipes, deleted files; locks (flock, F_OFD_SETLK)",
         "in the section IPC: identity, owner, content; the ends are descriptors; locks are taken again",
         "all ends must be in the process; a lock that somebody else holds at the restart refuses it; locks "
         "of the process (F_SETLK) and leases are refused",
         "tests/state/descriptors/locks.py"},
};

}  // namespace cairn::state
