// SPDX-License-Identifier: Apache-2.0
// mpirun's command line: what is Cairn's, what is the real mpirun's.
#include "launcher/mpirun_options.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include "core/base/error.hpp"
#include "launcher/open_mpi_options.hpp"

namespace cairn::launcher {
namespace {

using Words = std::vector<std::string>;

TEST(MpirunOptions, WithoutWithCrNothingIsTouched) {
  const Words words = {"-np", "2", "./a", "--with-cr", "--cr-dir", "x"};
  const MpirunOptions o = parse_mpirun(words);
  EXPECT_FALSE(o.with_cr);
  EXPECT_EQ(o.arguments, words);
}

TEST(MpirunOptions, AreTakenOutWhereverTheyStandBeforeTheProgram) {
  const MpirunOptions o = parse_mpirun(
      {"--cr-keep", "3", "-np", "2", "--with-cr", "--mca", "btl", "self", "--cr-dir=/d", "./a", "--cr-dir", "mine"});
  EXPECT_TRUE(o.with_cr);
  EXPECT_EQ(o.keep, 3u);
  EXPECT_EQ(o.directory, "/d");
  EXPECT_EQ(o.arguments, (Words{"-np", "2", "--mca", "btl", "self", "./a", "--cr-dir", "mine"}));
}

TEST(MpirunOptions, AnOptionsArgumentIsNoProgram) {
  const MpirunOptions o = parse_mpirun({"--hostfile", "hosts", "-x", "A=1", "--map-by", "node", "--with-cr", "./a"});
  EXPECT_TRUE(o.with_cr);
  EXPECT_EQ(o.arguments.back(), "./a");
}

TEST(MpirunOptions, KnowsSignals) {
  const MpirunOptions o = parse_mpirun({"--with-cr", "--cr-on-signal", "SIGUSR2:term", "--cr-on-signal=USR1", "./a"});
  EXPECT_EQ(o.signals, (std::map<int, bool>{{SIGUSR2, true}, {SIGUSR1, false}}));
}

TEST(MpirunOptions, RefusesASignalThatMeansTwoThings) {
  EXPECT_THROW(parse_mpirun({"--with-cr", "--cr-on-signal", "USR2:term", "--cr-on-signal", "SIGUSR2", "./a"}),
               ArgumentError);
}

TEST(MpirunOptions, RefusesWhatItDoesNotKnow) {
  for (const Words& bad : std::vector<Words>{{"--cr-nothing", "1"},
                                             {"--cr-every", "0"},
                                             {"--cr-every", "auto"},
                                             {"--cr-keep", "-1"},
                                             {"--cr-engine", "other"},
                                             {"--cr-fork", "maybe"},
                                             {"--cr-compress", "gzip"},
                                             {"--cr-timeout", "0"},
                                             {"--cr-timeout", "soon"},
                                             {"--cr-on-signal", "KILL"},
                                             {"--cr-on-signal", "USR1:stop"}}) {
    Words words = {"--with-cr"};
    words.insert(words.end(), bad.begin(), bad.end());
    words.push_back("./a");
    EXPECT_THROW(parse_mpirun(words), ArgumentError) << bad[0] << " " << bad[1];
  }
}

TEST(MpirunOptions, ExportsToEveryApplicationContext) {
  ::unsetenv("OMPI_MCA_mca_base_env_list");
  EXPECT_EQ(export_variables({"-np", "1", "a", ":", "-np", "2", "b"}, {"V"}),
            (Words{"-x", "V", "-np", "1", "a", ":", "-x", "V", "-np", "2", "b"}));
}

TEST(MpirunOptions, ExportsTheOtherWayWhereThatIsInUse) {
  EXPECT_EQ(export_variables({"--mca", "mca_base_env_list", "A", "a"}, {"V"}),
            (Words{"--mca", "mca_base_env_list", "A;V", "a"}));
}

TEST(MpirunOptions, CheckpointsHaveTheirUsualParameters) {
  const MpirunOptions o = parse_mpirun({"--with-cr", "./a"});
  EXPECT_EQ(o.parameters.engine, "auto");
  EXPECT_EQ(o.parameters.compress, "none");
  EXPECT_EQ(o.parameters.fork, ForkMode::automatic);
  EXPECT_EQ(o.parameters.timeout, 600);
  EXPECT_EQ(o.every, 0);
  EXPECT_EQ(o.keep, 0u);
}

TEST(MpirunOptions, SetParametersOfCheckpoints) {
  const MpirunOptions o = parse_mpirun(
      {"--with-cr", "--cr-engine", "user", "--cr-compress=zstd", "--cr-fork", "no", "--cr-timeout", "2.5", "./a"});
  EXPECT_EQ(o.parameters.engine, "user");
  EXPECT_EQ(o.parameters.compress, "zstd");
  EXPECT_EQ(o.parameters.fork, ForkMode::no);
  EXPECT_EQ(o.parameters.timeout, 2.5);
}

TEST(MpirunOptions, HelpIsAboutCairnsOptionsOnlyWithWithCr) {
  EXPECT_TRUE(parse_mpirun({"--with-cr", "--help"}).help);
  EXPECT_FALSE(parse_mpirun({"--with-cr", "./a", "--help"}).help);
  const MpirunOptions plain = parse_mpirun({"--help"});
  EXPECT_FALSE(plain.help);
  EXPECT_EQ(plain.arguments, Words{"--help"});
}

TEST(MpirunOptions, HelpShowsAllThatPeopleMayUse) {
  const std::string help = mpirun_help();
  for (const char* option : {"--with-cr", "--cr-dir DIR", "--cr-every SEC", "--cr-keep N", "--cr-on-signal",
                             "--cr-fork", "--cr-engine", "--cr-compress", "--cr-timeout"})
    EXPECT_NE(help.find(option), std::string::npos) << option;
  EXPECT_EQ(help.find("--cairn-restart"), std::string::npos);
}

}  // namespace
}  // namespace cairn::launcher
