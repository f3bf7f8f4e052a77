// SPDX-License-Identifier: Apache-2.0
// The command line of cr_info.
#include "core/cli/info_options.hpp"

#include <gtest/gtest.h>

#include "core/base/error.hpp"

namespace cairn::cli {
namespace {

TEST(InfoOptions, WithoutFilesThisMachineIsMeant) {
  const InfoOptions o = parse_info({}).value();
  EXPECT_TRUE(o.files.empty());
  EXPECT_FALSE(o.file.verify);
  EXPECT_EQ(o.file.threads, 2u);
}

TEST(InfoOptions, WhatIsSaidOfAFileNeedsOne) {
  for (const char* option : {"-a", "--objects", "-i", "--verify"}) {
    EXPECT_THROW(parse_info({option}), ArgumentError) << option;
    EXPECT_EQ(parse_info({option, "f", "g"}).value().files.size(), 2u) << option;
  }
}

TEST(InfoOptions, ThereIsAtLeastOneThread) {
  EXPECT_EQ(parse_info({"-t", "8", "f"}).value().file.threads, 8u);
  for (const char* wrong : {"0", "-1", "x"}) EXPECT_THROW(parse_info({"-t", wrong, "f"}), ArgumentError) << wrong;
}

}  // namespace
}  // namespace cairn::cli
