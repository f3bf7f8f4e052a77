// SPDX-License-Identifier: Apache-2.0
// The command line of ompi-restart.
#include "launcher/restart_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.hpp"

namespace cairn::launcher {
namespace {

using Words = std::vector<std::string>;

RestartOptions options(Words words) {
  words.push_back("snapshot");
  return parse_restart(words).value();
}

TEST(OmpiRestartOptions, TheNewestSequenceIsVerifiedByteByByteByDefault) {
  const RestartOptions o = options({});
  EXPECT_EQ(o.snapshot, "snapshot");
  EXPECT_EQ(o.sequence, -1);
  EXPECT_FALSE(o.quick);
}

TEST(OmpiRestartOptions, SequencesAreCountedFromZero) {
  EXPECT_EQ(options({"-s", "0"}).sequence, 0);
  for (const char* wrong : {"-1", "x", ""}) EXPECT_THROW(options({"--seq", wrong}), ArgumentError) << wrong;
}

TEST(OmpiRestartOptions, MachinefileIsAnotherNameOfHostfile) {
  EXPECT_EQ(options({"--hostfile", "h"}).hostfile, "h");
  EXPECT_EQ(options({"--machinefile", "h"}).hostfile, "h");
  EXPECT_THROW(options({"--hostfile", "h", "--machinefile", "m"}), ArgumentError);
}

TEST(OmpiRestartOptions, OptionsForMpirunAreOneWord) {
  EXPECT_EQ(options({"--mpirun_opts", "--mca a 'b c'"}).mpirun_options, "--mca a 'b c'");
}

TEST(OmpiRestartOptions, RelocationsMayBeRepeated) {
  EXPECT_EQ(options({"--relocate", "/a=/b", "--relocate", "/c=/d"}).host.relocate.size(), 2u);
  EXPECT_THROW(options({"--relocate", "/a"}), ArgumentError);
}

TEST(OmpiRestartOptions, PreloadIsRefusedAndNotIgnored) { EXPECT_THROW(options({"--preload"}), ArgumentError); }

TEST(OmpiRestartOptions, ThereIsOneSnapshot) {
  EXPECT_THROW(parse_restart({}), ArgumentError);
  EXPECT_THROW(parse_restart({"a", "b"}), ArgumentError);
}

}  // namespace
}  // namespace cairn::launcher
