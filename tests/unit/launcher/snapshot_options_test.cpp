// SPDX-License-Identifier: Apache-2.0
// The command line of ompi-snapshot.
#include "launcher/snapshot_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.hpp"

namespace cairn::launcher {
namespace {

using testing::ElementsAre;
using Words = std::vector<std::string>;

TEST(OmpiSnapshotOptions, TheFirstWordIsWhatIsToBeDone) {
  const SnapshotOptions o = parse_snapshot({"verify", "a", "-s", "2", "b"}).value();
  EXPECT_EQ(o.action, "verify");
  EXPECT_EQ(o.sequence, 2);
  EXPECT_THAT(o.operands, ElementsAre("a", "b"));
}

TEST(OmpiSnapshotOptions, ListIsOfTheCurrentDirectoryByDefault) {
  EXPECT_THAT(parse_snapshot({"list"}).value().operands, ElementsAre("."));
}

TEST(OmpiSnapshotOptions, PruneKeepsAtLeastOne) {
  EXPECT_EQ(parse_snapshot({"prune", "--keep", "1", "a"}).value().keep, 1u);
  for (const Words& words : std::vector<Words>{{"prune", "a"}, {"prune", "--keep", "0", "a"}, {"prune", "--keep", "x"}})
    EXPECT_THROW(parse_snapshot(words), ArgumentError) << words[1];
}

TEST(OmpiSnapshotOptions, WhatIsMissingOrUnknownIsSaid) {
  for (const Words& words : std::vector<Words>{
           {}, {"verify"}, {"rm"}, {"explode", "a"}, {"show", "--nonsense", "a"}, {"show", "-s", "-1", "a"}})
    EXPECT_THROW(parse_snapshot(words), ArgumentError) << words.size();
}

}  // namespace
}  // namespace cairn::launcher
