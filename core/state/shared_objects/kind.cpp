// SPDX-License-Identifier: Apache-2.0
// The descriptors' capture has found the objects, and their revival makes them.
#include "core/state/kind.hpp"

#include <unistd.h>

#include <utility>

#include "core/context/format.h"
#include "core/state/group_scope.hpp"
#include "core/state/image.hpp"
#include "core/state/shared_objects/state.hpp"

namespace cairn::state {
namespace {

std::vector<std::uint8_t> capture(Capture& capture) {
  SharedObjects& shared = capture.shared;
  const GroupSharing* sharing = group_sharing();
  shared.with_others = sharing != nullptr && (!shared.objects.empty() || sharing->concerns(getpid()));
  if (shared.objects.empty() && shared.locks.empty() && !shared.with_others) return {};
  return encode(shared);
}

struct Version1 {
  std::vector<SharedObject> objects;
  std::vector<HeldLock> locks;
  template <class Archive>
  void fields(Archive& a) {
    a(objects, locks);
  }
};

void read(Image& image, std::span<const std::uint8_t> bytes, std::uint32_t version) {
  if (version > 1) return image.keep(decode<SharedObjects>(bytes, SharedObjects::section_name));
  auto old = decode<Version1>(bytes, SharedObjects::section_name);
  image.keep(SharedObjects{std::move(old.objects), std::move(old.locks), false});
}

}  // namespace

extern const Kind shared_objects_kind;
const Kind shared_objects_kind = {
    .name = SharedObjects::section_name,
    .section = CAIRN_CTX_IPC,
    .version = 2,
    .oldest = 1,
    .required = false,
    .obstacle = nullptr,
    .capture = capture,
    .read = read,
    .check = nullptr,
    .prepare = nullptr,
    .documentation = {"what several descriptors are ends of: pipes, deleted files; locks (flock, F_OFD_SETLK)",
                      "in the section IPC: identity, owner, content; the ends are descriptors; locks are taken again",
                      "all ends must be in the process or its tree; a lock that somebody else holds at the restart "
                      "refuses it; leases are refused",
                      "tests/state/descriptors/locks.py"},
};

}  // namespace cairn::state
