// SPDX-License-Identifier: Apache-2.0
// MPI_Wtime: counted from the first call, as the real library does it. In a restart it goes on from the cut: the time
// in between does not count, what the program has done before without a look at the clock does.
//
// Threads: any number at a time. A thread that only looks at the clock goes on in a restart before the MPI objects are
// there again, so whichever calls first notices the restart, by the guest's generation. A call in which a restart comes
// begins again: what it has read belongs to the life before.
#include "mpi/shim/clock.hpp"

#include <sched.h>
#include <time.h>

#include <atomic>
#include <cstdint>

#include "core/abi/crossing.h"
#include "mpi/shim/wrap.hpp"

namespace {

constexpr std::uint64_t kNoLife = ~std::uint64_t{0}, kBusy = kNoLife - 1;

std::atomic<std::uint64_t> life{kNoLife};  // the generation that `origin` holds for; kBusy: a thread finds it
// Nanoseconds of CLOCK_MONOTONIC: what counts as 0, and the latest that a call, or look_at_clock(), has seen.
std::atomic<std::int64_t> origin{0}, latest{0};

std::uint64_t generation() { return __atomic_load_n(&cairn_guest_self.generation, __ATOMIC_ACQUIRE); }

std::int64_t monotonic() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

void see(std::int64_t now) {
  std::int64_t before = latest.load(std::memory_order_relaxed);
  while (before < now && !latest.compare_exchange_weak(before, now, std::memory_order_relaxed)) {
  }
}

// One thread does it. Another restart may come meanwhile: the origin then holds for the life in which `now` was read.
// True: this is the first call of all, from which is counted.
__attribute__((noinline)) bool find_origin() {
  std::uint64_t before = life.load(std::memory_order_relaxed);
  if (before == generation()) return false;
  if (before == kBusy || !life.compare_exchange_strong(before, kBusy, std::memory_order_acquire)) {
    sched_yield();
    return false;
  }
  std::uint64_t current;
  std::int64_t now;
  do {
    current = generation();
    now = monotonic();
  } while (current != generation());
  const std::int64_t apart = before == kNoLife ? now : now - latest.load(std::memory_order_relaxed);
  origin.store(origin.load(std::memory_order_relaxed) + apart, std::memory_order_relaxed);
  latest.store(now, std::memory_order_relaxed);
  life.store(current, std::memory_order_release);
  return before == kNoLife;
}

}  // namespace

namespace cairn::shim {

void look_at_clock() noexcept {
  if (life.load(std::memory_order_relaxed) != kNoLife) PMPI_Wtime();
}

}  // namespace cairn::shim

double PMPI_Wtime(void) {
  for (;;) {
    const std::uint64_t current = generation();
    if (__builtin_expect(life.load(std::memory_order_acquire) != current, 0)) {
      if (find_origin()) return 0;
      continue;
    }
    const std::int64_t from = origin.load(std::memory_order_relaxed), now = monotonic();
    see(now);
    if (__builtin_expect(current == generation(), 1)) return 1e-9 * static_cast<double>(now - from);
  }
}
CAIRN_MPI_WEAK(MPI_Wtime);

double PMPI_Wtick(void) { return 1e-9; }
CAIRN_MPI_WEAK(MPI_Wtick);
