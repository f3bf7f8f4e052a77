// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace cairn::guest {

// Frozen-world code: applies cairn_guest_self.revive_environment to `environ`, without libc's locks and allocator.
void apply_revive_environment();

}  // namespace cairn::guest
