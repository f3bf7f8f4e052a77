// SPDX-License-Identifier: Apache-2.0
// What cr_restart asks of the host that it becomes: as text there and back, and what relocation makes of a path.
#include "core/abi/restart_options.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "core/base/error.hpp"

namespace cairn::restart {
namespace {

Options taken_from(const std::string& text) {
  setenv(options_variable, text.c_str(), 1);
  return take_options();
}

TEST(RestartOptions, ComeBackAsTheyWere) {
  Options options;
  options.signals = {15, 9};
  options.verbose = options.keep_numbers = true;
  options.relocate = {{"/old dir", "/new=dir"}, {"/a", ""}, {"/tab\t", "\n\\n\\"}};
  options.grown = "keep", options.changed = "accept", options.missing = "create", options.stdio = "new";
  options.lengths = {{"/a\nfile", 1234567890123}};
  options.put_back = {"/b\\\n"};
  options.numbers = {{4711, 12}, {1, 4194303}};
  options.new_environment = {"A", "B_*"}, options.saved_environment = {"C\\"};
  const Options again = taken_from(to_text(options));
  EXPECT_EQ(again.signals, options.signals);
  EXPECT_TRUE(again.verbose && again.keep_numbers);
  EXPECT_EQ(again.relocate, options.relocate);
  EXPECT_EQ(again.grown + again.changed + again.missing + again.stdio, "keepacceptcreatenew");
  EXPECT_EQ(again.lengths, options.lengths);
  EXPECT_EQ(again.put_back, options.put_back);
  EXPECT_EQ(again.numbers, options.numbers);
  EXPECT_EQ(again.new_environment, options.new_environment);
  EXPECT_EQ(again.saved_environment, options.saved_environment);
  EXPECT_EQ(again.started, -1);
}

TEST(RestartOptions, NoneAreTheDefaults) {
  unsetenv(options_variable);
  for (const Options& options : {take_options(), taken_from(to_text(Options{}))}) {
    EXPECT_TRUE(options.signals.empty() && options.relocate.empty());
    EXPECT_FALSE(options.verbose || options.keep_numbers);
    EXPECT_EQ(options.started, -1);
  }
}

TEST(RestartOptions, NumbersOfOthersAreKnownInAGroupOnly) {
  Options options;
  options.numbers = {{4711, 12}};
  EXPECT_THROW(number_now(options, 4711), EnvironmentError);
  options.together = true;
  EXPECT_EQ(number_now(options, 4711), 12);
  EXPECT_EQ(number_now(options, 4712), 4712);
}

TEST(RestartOptions, AreNotLeftToTheGuest) {
  taken_from("verbose\n");
  EXPECT_EQ(std::getenv(options_variable), nullptr);
}

TEST(RestartOptions, TheDescriptorMovesAndIsToldOnceTheProgramGoesOn) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  Options options;
  options.started = ends[1];
  const Options again = taken_from(to_text(options));
  EXPECT_NE(again.started, ends[1]);
  EXPECT_EQ(fcntl(ends[1], F_GETFD), -1);
  tell_started(again, false);
  char byte = 0;
  EXPECT_EQ(read(ends[0], &byte, 1), 1);
  EXPECT_EQ(read(ends[0], &byte, 1), 0);  // closed
  close(ends[0]);
}

TEST(RestartOptions, AFailureIsToldToWhoListensToMessages) {
  int ends[2], messages[2];
  ASSERT_EQ(pipe2(ends, O_NONBLOCK), 0);
  ASSERT_EQ(pipe(messages), 0);
  Options options;
  options.started = ends[1];
  tell_failed(options, 4);
  options.messages = messages[1];
  const Options again = taken_from(to_text(options));
  EXPECT_NE(again.messages, messages[1]);
  EXPECT_EQ(fcntl(messages[1], F_GETFD), -1);
  tell_failed(again, 5);
  Options together = again;  // whose first process, or the command, knows
  together.together = true;
  tell_failed(together, 3);
  char byte = 0;
  EXPECT_EQ(read(ends[0], &byte, 1), 1);
  EXPECT_EQ(byte, 5);
  EXPECT_EQ(read(ends[0], &byte, 1), -1);
  for (const int fd : {ends[0], again.started, messages[0], again.messages}) close(fd);
}

TEST(RestartOptions, UnknownWordsAreRefused) {
  EXPECT_THROW(taken_from("nonsense=1\n"), ArgumentError);
  EXPECT_THROW(taken_from("relocate=/only-one\n"), ArgumentError);
}

TEST(RestartOptions, RelocationChangesWholeNamesOnly) {
  Options options;
  options.relocate = {{"/data", "/new"}, {"/home/", "/users/"}};
  EXPECT_EQ(relocated(options, "/data"), "/new");
  EXPECT_EQ(relocated(options, "/data/x/y"), "/new/x/y");
  EXPECT_EQ(relocated(options, "/database"), "/database");
  EXPECT_EQ(relocated(options, "/home/me"), "/users/me");
  EXPECT_EQ(relocated(options, "/else/data"), "/else/data");
}

}  // namespace
}  // namespace cairn::restart
