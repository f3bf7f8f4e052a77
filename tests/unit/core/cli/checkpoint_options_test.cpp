// SPDX-License-Identifier: Apache-2.0
// The command line of cr_checkpoint.
#include "core/cli/checkpoint_options.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include "core/abi/control_protocol.hpp"
#include "core/base/error.hpp"

namespace cairn::cli {
namespace {

using Words = std::vector<std::string>;

CheckpointOptions options(Words words) {
  words.push_back("4711");
  return parse_checkpoint(words).value();
}

TEST(CheckpointOptions, AProcessIsSavedToTheCurrentDirectoryByDefault) {
  const CheckpointOptions o = options({});
  EXPECT_EQ(o.pid, 4711);
  EXPECT_EQ(o.directory, ".");
  EXPECT_EQ(o.name, "context.4711");
  EXPECT_FALSE(o.to_descriptor);
  EXPECT_EQ(o.existing, CAIRN_CONTROL_REPLACE);
  EXPECT_EQ(o.signal, 0);
  EXPECT_TRUE(o.messages);
}

TEST(CheckpointOptions, AFileIsADirectoryAndAName) {
  EXPECT_EQ(options({"-f", "x"}).directory, ".");
  EXPECT_EQ(options({"-f", "/x"}).directory, "/");
  const CheckpointOptions o = options({"--file", "a/b/x"});
  EXPECT_EQ(o.directory, "a/b");
  EXPECT_EQ(o.name, "x");
  EXPECT_EQ(options({"-d", "a"}).directory, "a");
  EXPECT_THROW(options({"-f", "a/"}), ArgumentError);
}

TEST(CheckpointOptions, ADescriptorIsANumber) {
  const CheckpointOptions o = options({"-F", "5"});
  EXPECT_TRUE(o.to_descriptor);
  EXPECT_EQ(o.descriptor, 5);
  EXPECT_THROW(options({"-F", "x"}), ArgumentError);
  EXPECT_THROW(options({"-F", "-1"}), ArgumentError);
}

TEST(CheckpointOptions, ParametersHaveTheirDefaults) {
  const CheckpointParameters p = options({}).parameters;
  EXPECT_EQ(p.engine, "auto");
  EXPECT_EQ(p.compress, "none");
  EXPECT_EQ(p.fork, ForkMode::automatic);
  EXPECT_FALSE(p.by_reference);
  EXPECT_TRUE(p.sync);
  EXPECT_EQ(p.timeout, 0);
}

TEST(CheckpointOptions, ParametersAreSetByTheirOptions) {
  const CheckpointParameters p =
      options({"--engine", "user", "--compress=lz4", "--no-fork", "--save-none", "--nosync", "-t", "1.5"}).parameters;
  EXPECT_EQ(p.engine, "user");
  EXPECT_EQ(p.compress, "lz4");
  EXPECT_EQ(p.fork, ForkMode::no);
  EXPECT_TRUE(p.by_reference);
  EXPECT_FALSE(p.sync);
  EXPECT_EQ(p.timeout, 1.5);
  EXPECT_EQ(options({"--time", "0"}).parameters.timeout, 0);
  for (const Words& words :
       std::vector<Words>{{"--engine", "steam"}, {"--compress", "gzip"}, {"-t", "-1"}, {"-t", "x"}})
    EXPECT_THROW(options(words), ArgumentError) << words[1];
}

TEST(CheckpointOptions, AnOldFileIsReplacedKeptOrRemoved) {
  EXPECT_EQ(options({"--atomic"}).existing, CAIRN_CONTROL_REPLACE);
  EXPECT_EQ(options({"--clobber"}).existing, CAIRN_CONTROL_CLOBBER);
  EXPECT_EQ(options({"--noclobber"}).existing, CAIRN_CONTROL_NOCLOBBER);
  EXPECT_EQ(options({"--backup"}).existing, CAIRN_CONTROL_BACKUP);
  EXPECT_EQ(options({"--backup"}).backup, "");
  EXPECT_EQ(options({"--backup=old"}).backup, "old");
}

TEST(CheckpointOptions, SignalsHaveNamesAndNumbers) {
  EXPECT_EQ(options({"--kill"}).signal, SIGKILL);
  EXPECT_EQ(options({"--run"}).signal, 0);
  for (const char* text : {"15", "TERM", "SIGTERM"}) EXPECT_EQ(options({"-S", text}).signal, SIGTERM) << text;
  for (const char* text : {"0", "65", "NOSUCH", ""}) EXPECT_THROW(options({"-S", text}), ArgumentError) << text;
  EXPECT_THROW(options({"--stop", "--kill"}), ArgumentError);
  EXPECT_THROW(options({"-S", "15", "--term"}), ArgumentError);
}

TEST(CheckpointOptions, ContradictionsAreRefused) {
  for (const Words& words : std::vector<Words>{{"-p", "-T"},
                                               {"-f", "a", "-d", "."},
                                               {"-F", "1", "-c"},
                                               {"--backup", "--clobber"},
                                               {"--atomic", "-F", "1"},
                                               {"--fork", "--no-fork"},
                                               {"--sync", "--nosync"},
                                               {"--save-none", "--save-exe"},
                                               {"--kmsg-none", "--kmsg-error"},
                                               {"-v", "-q"}})
    EXPECT_THROW(options(words), ArgumentError) << words[0] << " " << words[1];
}

TEST(CheckpointOptions, WhatCannotBeDoneYetIsRefusedAndNotIgnored) {
  for (const char* option : {"--save-shared", "--save-all", "--ptraced-skip", "--incremental"})
    EXPECT_THROW(options({option}), PermanentError) << option;
}

TEST(CheckpointOptions, AProcessGroupOrSessionIsNotTakenForAProcess) {
  EXPECT_EQ(options({}).scope, Scope::tree);
  for (const char* option : {"-g", "--pgid", "--group"}) EXPECT_EQ(options({option}).scope, Scope::group) << option;
  for (const char* option : {"-s", "--sid", "--session"}) EXPECT_EQ(options({option}).scope, Scope::session) << option;
  EXPECT_THROW(options({"-g", "-s"}), ArgumentError);
}

TEST(CheckpointOptions, TheProcessIsNeitherMissingNorAWord) {
  for (const Words& words : std::vector<Words>{{}, {"x"}, {"0"}, {"1", "2"}})
    EXPECT_THROW(parse_checkpoint(words), ArgumentError);
}

}  // namespace
}  // namespace cairn::cli
