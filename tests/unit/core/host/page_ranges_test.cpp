// SPDX-License-Identifier: Apache-2.0
// Free address space: what is given is there to be taken, once.
#include "core/host/page_ranges.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <set>

namespace cairn::host {
namespace {

constexpr std::size_t kPage = 4096;

class Pages : public ::testing::Test {
 protected:
  std::unique_ptr<PageRanges> ranges_ = std::make_unique<PageRanges>();
};

TEST_F(Pages, NothingIsTakenFromNothing) { EXPECT_EQ(ranges_->take(kPage), 0u); }

TEST_F(Pages, ARangeIsTakenFromItsEnd) {
  ranges_->give(16 * kPage, 4 * kPage);
  EXPECT_EQ(ranges_->take(kPage), 19 * kPage);
  EXPECT_EQ(ranges_->take(3 * kPage), 16 * kPage);
  EXPECT_EQ(ranges_->take(kPage), 0u);
}

TEST_F(Pages, NeighboursBecomeOne) {
  ranges_->give(10 * kPage, kPage);
  ranges_->give(12 * kPage, kPage);
  EXPECT_EQ(ranges_->take(2 * kPage), 0u);
  ranges_->give(11 * kPage, kPage);  // joins both
  EXPECT_EQ(ranges_->take(3 * kPage), 10 * kPage);
}

TEST_F(Pages, TheSmallestThatFitsIsUsed) {
  ranges_->give(100 * kPage, 8 * kPage);
  ranges_->give(10 * kPage, 2 * kPage);
  ranges_->give(50 * kPage, 4 * kPage);
  EXPECT_EQ(ranges_->take(3 * kPage), 51 * kPage);
  EXPECT_EQ(ranges_->take(2 * kPage), 10 * kPage);
}

TEST_F(Pages, WhatSomebodyElseHasIsNotTaken) {
  ranges_->give(10 * kPage, 2 * kPage);
  ranges_->give(20 * kPage, 10 * kPage);
  ranges_->give(40 * kPage, 2 * kPage);
  ranges_->take_all(11 * kPage, 23 * kPage);
  ranges_->take_all(25 * kPage, 26 * kPage);
  ranges_->take_all(30 * kPage, 40 * kPage);
  EXPECT_EQ(ranges_->take(kPage), 10 * kPage);
  EXPECT_EQ(ranges_->take(2 * kPage), 23 * kPage);
  EXPECT_EQ(ranges_->take(2 * kPage), 40 * kPage);
  EXPECT_EQ(ranges_->take(4 * kPage), 26 * kPage);
  EXPECT_EQ(ranges_->take(kPage), 0u);
}

TEST_F(Pages, MoreThanTheStorageHoldsIsForgottenAndHarmsNothing) {
  constexpr std::uintptr_t kMany = 10000;
  for (std::uintptr_t i = 1; i <= kMany; ++i) ranges_->give(2 * i * kPage, kPage);
  std::set<std::uintptr_t> taken;
  while (const std::uintptr_t at = ranges_->take(kPage)) EXPECT_TRUE(taken.insert(at).second) << at;
  EXPECT_LT(taken.size(), kMany);
  EXPECT_GT(taken.size(), kMany / 2);
}

TEST_F(Pages, WhatIsTakenWasGivenAndIsNotTakenTwice) {
  std::mt19937 random(4711);
  std::set<std::uintptr_t> free;                 // pages
  std::map<std::uintptr_t, std::size_t> in_use;  // start, pages
  ranges_->give(1000 * kPage, 1000 * kPage);
  for (std::uintptr_t page = 1000; page < 2000; ++page) free.insert(page);
  for (int round = 0; round < 20000; ++round) {
    if (random() % 2 == 0 || in_use.empty()) {
      const std::size_t length = 1 + random() % 20;
      const std::uintptr_t start = ranges_->take(length * kPage);
      if (start == 0) continue;
      for (std::size_t i = 0; i < length; ++i) ASSERT_EQ(free.erase(start / kPage + i), 1u);
      in_use[start] = length;
    } else {
      auto one = std::next(in_use.begin(), static_cast<long>(random() % in_use.size()));
      ranges_->give(one->first, one->second * kPage);
      for (std::size_t i = 0; i < one->second; ++i) ASSERT_TRUE(free.insert(one->first / kPage + i).second);
      in_use.erase(one);
    }
  }
  for (const auto& [start, length] : in_use) ranges_->give(start, length * kPage);
  EXPECT_EQ(ranges_->take(1000 * kPage), 1000 * kPage);  // all of it, in one piece again
}

}  // namespace
}  // namespace cairn::host
