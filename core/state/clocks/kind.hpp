// SPDX-License-Identifier: Apache-2.0
// The guest's monotonic clocks must not run backwards, although this boot may be younger than the one that the image
// is from. What they were is in the process's section; this kind has none of its own.
#pragma once

#include <cstdint>

#include "core/state/image.hpp"
#include "core/state/kind.hpp"

namespace cairn::state {

// Where they would run backwards, and the user may (CAP_SYS_ADMIN): moves this process into a time namespace of its
// own, in which they go on from where they were, for the kernel too.
std::unique_ptr<Reviver> prepare_clocks(Restart& restart);

// After Stage::early: nanoseconds that must still be added for the guest to what its vdso reads. Deadlines that the
// guest hands to the kernel are not shifted by it.
std::int64_t clock_offset(const Image& image);

}  // namespace cairn::state
