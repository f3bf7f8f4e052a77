// SPDX-License-Identifier: Apache-2.0
// libc notes in a lock the number of the thread that has it. Where numbers have changed in a restart, locks that were
// held, or being taken, at the checkpoint name numbers of before. Each such lock is mended when the program next calls
// libc with it: only then is it certain that these bytes are a lock. (What nobody calls with, the host mends:
// core/state/threads/owners.hpp.)
// Any guest thread, also in handlers; a load where no number has changed.
#pragma once

#include <pthread.h>

#include "core/base/futex.hpp"
#include "core/guest/host.hpp"

namespace cairn::guest {

// What the thread of that number has now; 0: it is no number of before. A thread that was made since may have got it,
// long after.
int number_now(int before);

void mend_owner(pthread_mutex_t& mutex);
void mend_owner(pthread_rwlock_t& lock);

// `lock` is about to be handed to libc.
template <typename Lock>
inline void about_to_use(Lock* lock) {
  if (__builtin_expect(load(cairn_guest_self.number_count) != 0, 0) && lock != nullptr) mend_owner(*lock);
}

}  // namespace cairn::guest
