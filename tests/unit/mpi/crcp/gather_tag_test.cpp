// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/gather_tag.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <set>

namespace cairn::crcp {
namespace {

constexpr std::int64_t kManyTags = std::numeric_limits<std::int32_t>::max(), kFewTags = 32767;

TEST(GatherTag, CallsThatAreInProgressTogetherDoNotShareATag) {
  std::set<int> tags;
  for (std::uint64_t call = 0; call < 2'000'000; call += 1000) tags.insert(gather_tag(2 * call + 1, 0, kManyTags));
  EXPECT_EQ(tags.size(), 2000U);
}

TEST(GatherTag, RoundsOfACallDoNotShareATag) {
  std::set<int> tags;
  for (int round = 0; round < kGatherRounds; ++round) tags.insert(gather_tag(77, round, kManyTags));
  EXPECT_EQ(tags.size(), static_cast<std::size_t>(kGatherRounds));
}

TEST(GatherTag, StaysWithinTheLibrarysTagsAndAwayFromOthers) {
  for (const std::int64_t most : {kFewTags, std::int64_t{70000}, std::int64_t{1} << 20, kManyTags}) {
    for (std::uint64_t identity : {std::uint64_t{1}, std::uint64_t{63999}, ~std::uint64_t{0}}) {
      const int tag = gather_tag(identity, kGatherRounds - 1, most);
      EXPECT_LE(tag, most);
      EXPECT_TRUE(tag < kOtherTags || tag >= kBehindOtherTags);
    }
  }
}

}  // namespace
}  // namespace cairn::crcp
