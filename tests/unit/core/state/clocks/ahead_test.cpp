// SPDX-License-Identifier: Apache-2.0
// What a guest of another boot must be ahead of that boot's clocks, for none of its own to go back.
#include <gtest/gtest.h>

#include "core/base/clock.hpp"
#include "core/state/clocks/kind.hpp"

namespace cairn::state {
namespace {

constexpr std::int64_t kSecond = nanoseconds_per_second, kTick = 4000000;

ClocksState saved_clocks() {
  ClocksState saved;
  saved.known = true;
  saved.monotonic = 900 * kSecond;
  saved.raw = 943 * kSecond;  // that machine's counter went too fast
  saved.boottime = 1000 * kSecond;
  saved.ticks = 90000;
  return saved;
}

// Just before a tick, where the raw clock is behind.
BootReadings readings() {
  BootReadings now;
  now.monotonic = 50 * kSecond;
  now.coarse = now.monotonic - kTick;
  now.raw = now.monotonic - kSecond;
  now.boottime = 60 * kSecond;
  now.ticks = 5000;
  return now;
}

TEST(BootClocksAhead, TheCoarseClockDoesNotGoBackBehindWhatTheMonotonicOneHasShown) {
  const BootReadings now = readings();
  EXPECT_GE(now.coarse + ahead_of(now, saved_clocks()).monotonic, saved_clocks().monotonic);
}

TEST(BootClocksAhead, TheMonotonicAndTheBootClockGoOnTogetherWithinATick) {
  const BootReadings now = readings();
  const host::BootClocks ahead = ahead_of(now, saved_clocks());
  EXPECT_GE(now.monotonic + ahead.monotonic, saved_clocks().monotonic);
  EXPECT_LE(now.monotonic + ahead.monotonic, saved_clocks().monotonic + kTick);
  EXPECT_EQ((now.boottime + ahead.boottime) - (now.monotonic + ahead.monotonic),
            saved_clocks().boottime - saved_clocks().monotonic);
}

TEST(BootClocksAhead, TheRawClockGoesOnFromItsOwnValue) {
  const BootReadings now = readings();
  EXPECT_EQ(now.raw + ahead_of(now, saved_clocks()).raw, saved_clocks().raw);
}

TEST(BootClocksAhead, TicksGoOn) {
  const BootReadings now = readings();
  EXPECT_EQ(now.ticks + ahead_of(now, saved_clocks()).ticks, saved_clocks().ticks);
}

}  // namespace
}  // namespace cairn::state
