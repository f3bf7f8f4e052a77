// SPDX-License-Identifier: Apache-2.0
// What ompi-restart is told for mpirun: what is refused before anything is launched.
#include "launcher/anew_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "tests/unit/scratch_directory.hpp"

namespace cairn::launcher {
namespace {

using ::testing::HasSubstr;

// Empty if it is not refused.
template <class Kind>
std::string refusal(const std::function<void()>& check) {
  try {
    check();
  } catch (const Kind& error) {
    return error.what();
  }
  return {};
}

std::string of_words(const std::string& text) {
  return refusal<ArgumentError>([&] { check_anew(shell_words(text), 3); });
}

std::string of_files(const std::string& text) {
  return refusal<EnvironmentError>([&] { check_files_told(shell_words(text)); });
}

TEST(AnewOptions, PlacementAndParametersCanBeSaid) {
  for (const char* text : {"", "--oversubscribe", "--mca btl self,tcp -x A=1 --bind-to none", "--cr-dir /x --cr-keep=3",
                           "--with-cr", "-H a:2 --tag-output", "-np 3", "--oversubscribe -n 3"})
    EXPECT_EQ(of_words(text), "") << text;
}

TEST(AnewOptions, WhatWouldStartSomethingElseIsRefused) {
  for (const char* text : {": --oversubscribe", "--oversubscribe /bin/ls", "/bin/ls", "''", "-"})
    EXPECT_THAT(of_words(text), HasSubstr("is no option")) << text;
  for (const char* text : {"-np 2", "--oversubscribe -n 2", "-c 2", "--np 2", "--np x", "--app file"})
    EXPECT_THAT(of_words(text), HasSubstr("as many ranks as the snapshot has, 3")) << text;
  for (const char* text : {"--help", "-V", "--cairn-restart /x", "--cairn-program=/x"})
    EXPECT_THAT(of_words(text), HasSubstr("cannot be said in a restart")) << text;
}

TEST(AnewOptions, WhatMpirunDoesNotKnowIsRefused) {
  EXPECT_THAT(of_words("--tag-output --nonsense"), HasSubstr("unknown option \"--nonsense\""));
  EXPECT_THAT(of_words("--cr-nonsense 1"), HasSubstr("--cr-nonsense"));
  EXPECT_THAT(of_words("--mca btl"), HasSubstr("--mca wants a value"));
  EXPECT_THAT(of_words("--host"), HasSubstr("--host wants a value"));
}

TEST(AnewOptions, FilesThatAreNotThereAreNamed) {
  const test::ScratchDirectory scratch;
  const std::string file = scratch.path("there"), none = scratch.path("gone");
  std::ofstream(file) << "localhost\n";
  for (const std::string option : {"--hostfile", "--machinefile", "-default-hostfile", "--rankfile", "-rf"}) {
    EXPECT_EQ(of_files("--bind-to none " + option + " " + file), "");
    EXPECT_THAT(of_files("--bind-to none " + option + " " + none + " -np 2"),
                HasSubstr(option + " " + none + ": No such file or directory"));
  }
  for (const std::string option : {"--tune", "-am", "--cartofile"}) {
    EXPECT_EQ(of_files(option + " " + file), "");
    EXPECT_THAT(of_files(option + " " + none), HasSubstr("--mpirun_opts '" + option + " FILE'"));
  }
  EXPECT_EQ(of_files("-am one_of_open_mpi"), "");
  EXPECT_EQ(of_files("--ompi-server 1234"), "");
  EXPECT_THAT(of_files("--ompi-server file:" + none), HasSubstr(none));
  EXPECT_THAT(of_files("--rankfile " + none), HasSubstr("'--map-by slot'"));
  EXPECT_EQ(of_files("--preload-files " + file + "," + file), "");
  EXPECT_THAT(of_files("--preload-files " + file + "," + none), HasSubstr(none));
  EXPECT_EQ(of_files("--default-hostfile none -np 2 : -np 3"), "");
}

TEST(AnewOptions, DirectoriesOfRanksAreHereIfTheRanksAre) {
  const test::ScratchDirectory scratch;
  const std::string none = scratch.path("gone");
  for (const std::string option : {"-wdir", "--wd"}) {
    EXPECT_EQ(of_files(option + " " + scratch.path()), "");
    EXPECT_THAT(of_files(option + " " + none), HasSubstr("--relocate OLD=NEW"));
    EXPECT_EQ(of_files("--host other " + option + " " + none), "");
  }
}

}  // namespace
}  // namespace cairn::launcher
