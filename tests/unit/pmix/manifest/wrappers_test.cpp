// SPDX-License-Identifier: Apache-2.0
#include "pmix/manifest/wrappers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/pmix/manifest/support.hpp"

namespace cairn::manifest {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Sequence under(const std::vector<std::string>& wrappers) {
  Sequence sequence = test::sequence_of(static_cast<unsigned>(wrappers.size()), 0);
  for (std::size_t r = 0; r < wrappers.size(); ++r) sequence.ranks[r].wrapper = wrappers[r];
  return sequence;
}

TEST(Wrappers, NobodyIsToldOfNone) { EXPECT_EQ(note_of_wrappers(under({"", ""})), ""); }

TEST(Wrappers, RanksThatAreAlikeAreNamedOnce) {
  const std::string note = note_of_wrappers(under({"sh w.sh", "sh w.sh", "sh w.sh"}));
  EXPECT_THAT(note, StartsWith("all 3 ranks run under `sh w.sh`: what that does after the program"));
}

TEST(Wrappers, OthersByTheirNumbers) {
  const std::string note = note_of_wrappers(under({"sh b.sh", "", "sh a.sh", "sh b.sh"}));
  EXPECT_THAT(note, StartsWith("rank 2 runs under `sh a.sh`; ranks 0, 3 run under `sh b.sh`: "));
}

TEST(Wrappers, NoMoreNumbersThanAnybodyReads) {
  std::vector<std::string> wrappers(20, "w");
  wrappers.back().clear();
  EXPECT_THAT(note_of_wrappers(under(wrappers)), HasSubstr("ranks 0, 1, 2, 3, 4, 5, 6, 7, ... run under"));
}

}  // namespace
}  // namespace cairn::manifest
