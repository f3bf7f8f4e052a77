// SPDX-License-Identifier: Apache-2.0
#include "core/guest/owners.hpp"

#include <linux/futex.h>

#include "core/base/raw_syscall.hpp"
#include "core/guest/thread_state.hpp"

namespace cairn::guest {
namespace {

// Of a mutex's kind, as libc lays it out.
constexpr int kType = 3, kRobust = 0x10, kInheriting = 0x20, kKind = 0x7f;
constexpr int kRecursive = PTHREAD_MUTEX_RECURSIVE, kErrorChecking = PTHREAD_MUTEX_ERRORCHECK;

bool is_guest_thread(int number) {
  if (raw_syscall(SYS_tgkill, own_pid(), number, 0) != 0) return false;
  if (table().is_host_thread == nullptr) return true;
  const StopDeferred deferred;
  return table().is_host_thread(number) == 0;
}

// Only the bits of `mask` are the number's.
void mend(int& word, int mask) {
  int seen = load(word);
  if ((seen & mask) == 0) return;
  const int now = number_now(seen & mask);
  while (now != 0) {
    if (__atomic_compare_exchange_n(&word, &seen, (seen & ~mask) | now, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
      return;
    if (number_now(seen & mask) != now) return;
  }
}

}  // namespace

int number_now(int before) {
  const auto* const numbers = reinterpret_cast<const cairn_number*>(cairn_guest_self.numbers);
  uint32_t low = 0, high = cairn_guest_self.number_count;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (numbers[middle].before < before)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == cairn_guest_self.number_count || numbers[low].before != before) return 0;
  return is_guest_thread(before) ? 0 : numbers[low].now;
}

void mend_owner(pthread_mutex_t& mutex) {
  const int kind = load(mutex.__data.__kind) & kKind, type = kind & kType;
  const bool kernel_knows = (kind & (kRobust | kInheriting)) != 0;
  if (!kernel_knows && type != kRecursive && type != kErrorChecking) return;
  mend(mutex.__data.__owner, ~0);
  if (kernel_knows) mend(mutex.__data.__lock, FUTEX_TID_MASK);
}

void mend_owner(pthread_rwlock_t& lock) { mend(lock.__data.__cur_writer, ~0); }

}  // namespace cairn::guest
