// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/recent_numbers.hpp"

#include <gtest/gtest.h>

namespace cairn::crcp {
namespace {

TEST(RecentNumbers, TheOldestIsForgotten) {
  RecentNumbers recent(3);
  for (std::uint64_t n = 1; n <= 4; ++n) recent.add(n);
  EXPECT_FALSE(recent.has(1));
  for (std::uint64_t n = 2; n <= 4; ++n) EXPECT_TRUE(recent.has(n));
}

TEST(RecentNumbers, OneThatWasAddedTwiceStaysAsLongAsTheLaterOne) {
  RecentNumbers recent(3);
  for (const std::uint64_t n : {1, 2, 1, 3}) recent.add(n);
  EXPECT_TRUE(recent.has(1));
  recent.add(4);
  EXPECT_FALSE(recent.has(2));
  EXPECT_TRUE(recent.has(1));
  recent.add(5);
  EXPECT_FALSE(recent.has(1));
}

TEST(RecentNumbers, ClearedItKnowsNothingAndLearnsAgain) {
  RecentNumbers recent(2);
  recent.add(1);
  recent.clear();
  EXPECT_FALSE(recent.has(1));
  recent.add(1);
  EXPECT_TRUE(recent.has(1));
}

}  // namespace
}  // namespace cairn::crcp
