// SPDX-License-Identifier: Apache-2.0
// Thread numbers that the guest's memory still has from before a restart that could not keep them: owners of locks.
// Nothing is guessed: what looks like a lock may be data. libcr mends a lock when the program calls libc with it
// (core/guest/owners.hpp). Mended here, before any thread goes on, is what nobody calls with, and what is known for
// certain to be a lock: those in the kernel's lists of robust mutexes, those that a thread was waiting for in the
// kernel by priority inheritance, and the loader's own. The guest's memory is what a file said: nothing of it is
// believed.
#pragma once

#include "core/state/kind.hpp"

namespace cairn::state {

// Once all threads have their numbers. Tells libcr which have changed.
void mend_owners(Restart& restart);

}  // namespace cairn::state
