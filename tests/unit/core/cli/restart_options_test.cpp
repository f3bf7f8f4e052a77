// SPDX-License-Identifier: Apache-2.0
// The command line of cr_restart.
#include "core/cli/restart_options.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "core/base/error.hpp"
#include "core/base/unique_fd.hpp"

namespace cairn::cli {
namespace {

using testing::ElementsAre;
using testing::Pair;
using Words = std::vector<std::string>;

RestartOptions options(const Words& words) { return parse_restart(words).value(); }

TEST(RestartOptions, OldNumbersAreWantedByDefault) {
  const RestartOptions o = options({"context"});
  EXPECT_EQ(o.file, "context");
  EXPECT_TRUE(o.restore_pid);
  EXPECT_TRUE(o.messages);
  EXPECT_FALSE(o.quiet);
  EXPECT_TRUE(o.host.signals.empty());
  EXPECT_FALSE(options({"--no-restore-pid", "context"}).restore_pid);
}

TEST(RestartOptions, ThereIsExactlyOneContextFile) {
  EXPECT_EQ(options({"-f", "x"}).file, "x");
  for (const Words& words : std::vector<Words>{{}, {"a", "b"}, {"-f", "a", "b"}, {"-F", "0", "b"}})
    EXPECT_THROW(options(words), ArgumentError) << words.size();
}

TEST(RestartOptions, ADirectoryIsForRelativeNames) {
  EXPECT_EQ(options({"-d", "there", "x"}).file, "there/x");
  EXPECT_EQ(options({"-d", "there", "/x"}).file, "/x");
}

TEST(RestartOptions, ADescriptorMustBeOpen) {
  EXPECT_EQ(options({"-F", "0"}).file, "/proc/self/fd/0");
  EXPECT_THROW(options({"-F", "987654"}), ArgumentError);
  EXPECT_THROW(options({"-F", "x"}), ArgumentError);
}

TEST(RestartOptions, RelocationsAreKeptInTheirOrder) {
  EXPECT_THAT(options({"--relocate", "/a=/b", "--relocate", "/c=/d", "x"}).host.relocate,
              ElementsAre(Pair("/a", "/b"), Pair("/c", "/d")));
  EXPECT_THROW(options({"--relocate", "/a", "x"}), ArgumentError);
}

TEST(RestartOptions, ADirectoryMayBeOpenAtTheDescriptor) {
  const UniqueFd directory(open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  EXPECT_EQ(options({"-F", std::to_string(directory.get())}).file, "/dev");
}

TEST(RestartOptions, WhatTheCallerAsksForComesFirst) {
  restart::Options asked;
  asked.relocate = {{"/first", "/1"}};
  asked.signals = {SIGUSR1};
  asked.messages = 4711;
  const RestartOptions o = parse_restart({"--relocate", "/second=/2", "x"}, asked).value();
  EXPECT_THAT(o.host.relocate, ElementsAre(Pair("/first", "/1"), Pair("/second", "/2")));
  EXPECT_THAT(o.host.signals, ElementsAre(SIGUSR1));
  EXPECT_EQ(o.host.messages, 4711);
}

TEST(RestartOptions, TheSignalIsForTheHost) {
  EXPECT_THAT(options({"--stop", "x"}).host.signals, ElementsAre(SIGSTOP));
  EXPECT_THROW(options({"--stop", "--cont", "x"}), ArgumentError);
}

TEST(RestartOptions, EachClassOfFailureHasItsCommand) {
  const RestartOptions o = options({"--run-on-fail-env", "e", "--run-on-failure", "f", "--run-on-success", "s", "x"});
  EXPECT_EQ(o.on_success, "s");
  EXPECT_EQ(o.on_failure, "f");
  EXPECT_THAT(o.on_class, ElementsAre("", "", "e", ""));
}

TEST(RestartOptions, GroupsAndSessionsAreRefusedByName) {
  EXPECT_THROW(options({"--restore-pgid", "x"}), PermanentError);
  EXPECT_THROW(options({"--restore-sid", "x"}), PermanentError);
}

}  // namespace
}  // namespace cairn::cli
