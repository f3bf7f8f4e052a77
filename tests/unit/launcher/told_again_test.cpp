// SPDX-License-Identifier: Apache-2.0
// What a restart tells mpirun of what the first one was told.
#include "launcher/told_again.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "core/base/text.hpp"
#include "launcher/mpirun_options.hpp"
#include "tests/unit/scratch_directory.hpp"

namespace cairn::launcher {
namespace {

// "told" as mpirun splits it.
std::string again(const std::string& told, const std::string& anew = {}, std::uint64_t ranks = 4) {
  std::vector<std::string> words = shell_words(told);
  words.insert(words.begin(), "--with-cr");
  const MpirunOptions o = parse_mpirun(words);
  const auto here = [](const std::string& path) { return path.starts_with("/old/") ? "/new" + path.substr(4) : path; };
  const auto unused = [](const std::string& path) { return path + ".next"; };
  return quoted(tell_again({o.arguments, o.own_arguments, "/started", ranks}, shell_words(anew), {here, unused}));
}

TEST(ToldAgain, OptionsAreThereAgainAndProgramsAreNot) {
  EXPECT_EQ(again("--map-by :OVERSUBSCRIBE --bind-to none --tag-output --mca btl self,tcp -x A=1 ./a --map-by mine"),
            "--map-by :OVERSUBSCRIBE --bind-to none --tag-output --mca btl self,tcp -x A=1 -np 4");
}

TEST(ToldAgain, NoProgramIsTakenToOtherNodes) {
  for (const char* told : {"--preload-binary", "-preload-binary", "-s"})
    EXPECT_EQ(again(told + std::string(" --tag-output ./a")), "--tag-output -np 4");
}

TEST(ToldAgain, TheNumberOfRanksIsTheJobs) {
  for (const char* told : {"-np 3 ./a", "-n 3 ./a", "--np 3 ./a", "-c 3 ./a", "./a"}) EXPECT_EQ(again(told), "-np 4");
}

TEST(ToldAgain, WhatIsSaidAnewReplacesTheSameInOtherWords) {
  EXPECT_EQ(again("--host a:4 --bynode --bind-to core ./a", "--hostfile h --map-by slot --bind-to-none"),
            "--hostfile h --map-by slot --bind-to-none -np 4");
  EXPECT_EQ(again("--mca btl self --mca pml ob1 -x A=1 -x B=2 ./a", "--mca btl tcp -x A=3"),
            "--mca btl tcp -x A=3 --mca pml ob1 -x B=2 -np 4");
  EXPECT_EQ(again("--oversubscribe ./a", "--nooversubscribe"), "--nooversubscribe -np 4");
}

TEST(ToldAgain, AFileOfRanksIsAMapping) {
  EXPECT_EQ(again("--rankfile r --bind-to core ./a", "--map-by slot"), "--map-by slot --bind-to core -np 4");
  EXPECT_EQ(again("--map-by slot ./a", "-rf r"), "-rf r -np 4");
}

TEST(ToldAgain, TheNumberOfRanksIsToldOnce) {
  EXPECT_EQ(again("-np 4 ./a", "--bind-to none -n 4 --tag-output"), "--bind-to none --tag-output -np 4");
}

TEST(ToldAgain, SnapshotsGoWhereTheyAreToGoNow) {
  const auto as_it_is = [](const std::string& path) { return path; };
  const Paths paths{as_it_is, as_it_is, [](const std::string& path) { return path == "/gone" ? "/now" : path; }};
  const auto told = [&](const std::string& own) {
    return quoted(tell_again({{}, shell_words(own), "/started", 4}, {}, paths));
  };
  EXPECT_EQ(told("--cr-dir /gone"), "--cr-dir /now -np 4");
  EXPECT_EQ(told("--cr-dir=/gone"), "--cr-dir=/now -np 4");
  EXPECT_EQ(told("--cr-dir=/there"), "--cr-dir=/there -np 4");
}

TEST(ToldAgain, CairnsOwnOptionsCount) {
  EXPECT_EQ(again("--cr-every 60 -np 2 --cr-dir=snaps --cr-compress lz4 ./a --cr-keep 1"),
            "--cr-every 60 --cr-dir=/started/snaps --cr-compress lz4 -np 4");
  EXPECT_EQ(again("--cr-dir=/a --cr-keep 2 ./a", "--cr-dir /b"), "--cr-keep 2 --cr-dir /b -np 4");
}

TEST(ToldAgain, FilesAreThoseOfTheOldDirectory) {
  EXPECT_EQ(again("--hostfile hosts --rankfile /old/ranks ./a"),
            "--hostfile /started/hosts --rankfile /new/ranks -np 4");
  EXPECT_EQ(again("--ompi-server file:uri ./a"), "--ompi-server file:/started/uri -np 4");
}

TEST(ToldAgain, WhatOnlyLooksLikeAFileIsNone) {
  for (const char* told : {"--ompi-server pid:4711", "--ompi-server '1;tcp://10.0.0.1:4'", "--default-hostfile none"})
    EXPECT_EQ(again(told + std::string(" ./a")), told + std::string(" -np 4"));
}

TEST(ToldAgain, OutputGoesWhereNoneIsYet) {
  EXPECT_EQ(again("--output-filename out ./a"), "--output-filename out.next -np 4");
  EXPECT_EQ(again("--output-filename /a/out:nocopy ./a"), "--output-filename /a/out.next:nocopy -np 4");
  EXPECT_EQ(again("--xml-file a:b ./a"), "--xml-file a:b.next -np 4");
  EXPECT_EQ(again("--mca orte_xml_file out --mca pml ob1 ./a"), "--mca orte_xml_file out.next --mca pml ob1 -np 4");
  EXPECT_EQ(again("--output-filename out ./a", "--output-filename out"), "--output-filename out -np 4");
}

TEST(ToldAgain, AnUnusedNameIsTheNextThatIsFree) {
  const test::ScratchDirectory scratch;
  const std::string out = scratch.path("out");
  EXPECT_EQ(unused_name(out), out);
  std::filesystem::create_directory(out);
  EXPECT_EQ(unused_name(out), out + ".restart-1");
  std::filesystem::create_directory(out + ".restart-1");
  EXPECT_EQ(unused_name(out), out + ".restart-2");
  EXPECT_EQ(unused_name(out + ".restart-1"), out + ".restart-2");
  EXPECT_EQ(unused_name(out + ".restart-7"), out + ".restart-7");
}

TEST(ToldAgain, ApplicationContextsAreThereAgain) {
  EXPECT_EQ(again("--tag-output -np 1 -wdir /a ./a : -np 3 -x V=1 ./b -np 9"),
            "--tag-output -wdir /a -np 1 : -x V=1 -np 3");
  EXPECT_EQ(again("--tag-output -np 1 ./a : -x V=1 ./b"), "--tag-output -np 4");
  EXPECT_EQ(again("--tag-output --app file"), "--tag-output -np 4");
}

TEST(ToldAgain, VariablesThatAreNotThereAnyMoreAreNotAskedFor) {
  setenv("CAIRN_TEST_THERE", "1", 1);
  unsetenv("CAIRN_TEST_GONE");
  EXPECT_EQ(again("-x CAIRN_TEST_THERE -x CAIRN_TEST_GONE ./a"), "-x CAIRN_TEST_THERE -np 4");
}

TEST(ToldAgain, VariablesThatAreToldAreKnown) {
  setenv("CAIRN_TEST_THERE", "1", 1);
  unsetenv("CAIRN_TEST_GONE");
  EXPECT_EQ(quoted(variables_told(shell_words("--host a -x A=1 -x CAIRN_TEST_THERE --bind-to none -x CAIRN_TEST_GONE "
                                              "--mca btl self -x C="))),
            "A CAIRN_TEST_THERE C");
  EXPECT_TRUE(variables_told({}).empty());
}

TEST(ToldAgain, ARestartedJobIsRestartedAlike) {
  const std::string once = again("--cr-keep 3 --map-by core -np 2 ./a : -np 2 ./b");
  EXPECT_EQ(again(once), once);
}

}  // namespace
}  // namespace cairn::launcher
