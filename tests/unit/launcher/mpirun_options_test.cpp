// SPDX-License-Identifier: Apache-2.0
// mpirun's command line: what is Cairn's, what is the real mpirun's.
#include "launcher/mpirun_options.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
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
  const MpirunOptions o = parse_mpirun({"--with-cr", "--cr-on-signal", "SIGUSR2:term", "./a"});
  EXPECT_EQ(o.signal, SIGUSR2);
  EXPECT_TRUE(o.signal_term);
}

TEST(MpirunOptions, RefusesWhatItDoesNotKnow) {
  for (const Words& bad : std::vector<Words>{{"--cr-nothing", "1"},
                                             {"--cr-every", "0"},
                                             {"--cr-every", "auto"},
                                             {"--cr-keep", "-1"},
                                             {"--cr-engine", "other"},
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

TEST(Words, ComeBackFromTheirQuotedForm) {
  const Words words = {"plain", "two words", "it's", "", "a\"b", "\\", "$HOME;`x`"};
  EXPECT_EQ(split_words(quoted(words)), words);
}

TEST(Words, AreSplitAsAShellDoes) {
  EXPECT_EQ(split_words("  a 'b c'\"d e\"f  \\ g "), (Words{"a", "b cd ef", " g"}));
  EXPECT_THROW(split_words("'open"), ArgumentError);
}

}  // namespace
}  // namespace cairn::launcher
