// SPDX-License-Identifier: Apache-2.0
// The command line of ompi-checkpoint.
#include "launcher/checkpoint_options.hpp"

#include <gtest/gtest.h>

#include "core/base/error.hpp"

namespace cairn::launcher {
namespace {

using Words = std::vector<std::string>;

CheckpointOptions options(Words words) {
  words.push_back("4711");
  return parse_checkpoint(words).value();
}

TEST(OmpiCheckpointOptions, AJobGoesOnByDefault) {
  const CheckpointOptions o = options({});
  EXPECT_EQ(o.pid, 4711);
  EXPECT_EQ(o.timeout, 600);
  EXPECT_FALSE(o.term || o.stop || o.nowait || o.status || o.list || o.verbose || o.json);
}

TEST(OmpiCheckpointOptions, ShortFormsAndAbbreviationsAreUnderstood) {
  const CheckpointOptions o = options({"-w", "-s", "-v", "--time", "2.5"});
  EXPECT_TRUE(o.nowait && o.status && o.verbose);
  EXPECT_EQ(o.timeout, 2.5);
}

TEST(OmpiCheckpointOptions, ContradictionsAreRefused) {
  for (const Words& words : std::vector<Words>{{"--term", "--stop"}, {"-l", "--term"}, {"-l", "--stop"}, {"-l", "-w"}})
    EXPECT_THROW(options(words), ArgumentError) << words[0] << " " << words[1];
}

TEST(OmpiCheckpointOptions, TheTimeoutIsMoreThanNothing) {
  for (const char* wrong : {"0", "-5", "x"}) EXPECT_THROW(options({"--timeout", wrong}), ArgumentError) << wrong;
}

TEST(OmpiCheckpointOptions, OneMpirunIsNamedByItsNumber) {
  for (const Words& words : std::vector<Words>{{}, {"1", "2"}, {"mpirun"}, {"0"}, {"--nonsense", "1"}})
    EXPECT_THROW(parse_checkpoint(words), ArgumentError) << words.size();
}

}  // namespace
}  // namespace cairn::launcher
