// SPDX-License-Identifier: Apache-2.0
// The guest's monotonic clocks must not run backwards, although this boot may be younger than the one that the image
// is from. Ordinary code.
#pragma once

#include <cstdint>

#include "core/state/image.hpp"

namespace cairn::state {

// Where they would, and the user may (CAP_SYS_ADMIN): moves this process into a time namespace of its own, in which
// they go on from where they were, for the kernel too. Only while the process has one thread. Does nothing else.
void continue_clocks(const Image& image) noexcept;

// Nanoseconds that must still be added for the guest to what its vdso reads. Deadlines that the guest hands to the
// kernel are not shifted by it.
std::int64_t clock_offset(const Image& image);

}  // namespace cairn::state
