// SPDX-License-Identifier: Apache-2.0
// What all commands have in common about their words: options, values, operands, and what is said about wrong ones.
#include "core/cli/command_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::cli {
namespace {

using testing::HasSubstr;
using testing::Pair;
using Words = std::vector<std::string>;

CommandLine table() {
  return {.name = "try",
          .usage = "Usage: try\n",
          .groups = {{"Options",
                      {{"quiet,q", "", "a switch"},
                       {"number,n", "N", "a value"},
                       {"wait", "SEC", "a time"},
                       {"move", "OLD=NEW", "repeated", true},
                       {"backup", "[=NAME]", "a value that may be left out"},
                       {"help,h", "", "this text"},
                       {"version", "", "the version"}}}}};
}

Given given(const Words& words) { return parse(table(), words).value(); }

// What is said about these words.
template <class Ask>
std::string complaint(const Words& words, Ask ask) {
  try {
    ask(given(words));
  } catch (const ArgumentError& error) {
    return error.what();
  }
  return "nothing";
}
std::string complaint(const Words& words) {
  return complaint(words, [](const Given&) {});
}

TEST(CommandLine, ShortAndLongFormsAreOneOption) {
  for (const Words& words : std::vector<Words>{{"-n", "7"}, {"-n7"}, {"--number", "7"}, {"--number=7"}})
    EXPECT_EQ(given(words).number<int>("number", 0, 1), 7) << words[0];
}

TEST(CommandLine, WhatWasNotGivenHasItsFallback) {
  const Given none = given({});
  EXPECT_FALSE(none.has("quiet"));
  EXPECT_EQ(none.text("backup", "else"), "else");
  EXPECT_EQ(none.number<int>("number", -1, 1), -1);
  EXPECT_EQ(none.seconds("wait", 2.5), 2.5);
  EXPECT_TRUE(none.operands().empty());
}

TEST(CommandLine, OperandsStandAnywhere) {
  EXPECT_EQ(given({"a", "-q", "b", "--", "-c"}).operands(), (Words{"a", "b", "-c"}));
}

TEST(CommandLine, AProgramsOptionsAreItsOwn) {
  CommandLine line = table();
  line.program_follows = true;
  const Given g = parse(line, {"-q", "program", "-n", "x", "--"}).value();
  EXPECT_TRUE(g.has("quiet"));
  EXPECT_FALSE(g.has("number"));
  EXPECT_EQ(g.operands(), (Words{"program", "-n", "x", "--"}));
  EXPECT_EQ(parse(line, {"--", "-q"}).value().operands(), (Words{"-q"}));
}

TEST(CommandLine, AnOptionalValueIsNeverTheOperand) {
  const Given alone = given({"--backup", "operand"});
  EXPECT_TRUE(alone.has("backup"));
  EXPECT_EQ(alone.text("backup"), "");
  EXPECT_EQ(alone.operands(), (Words{"operand"}));
  EXPECT_EQ(given({"--backup=name"}).text("backup"), "name");
  EXPECT_THAT(complaint({"--backup", "--backup=name"}), HasSubstr("--backup was given twice"));
}

TEST(CommandLine, UnknownOptionsAreNamedWithTheWayOut) {
  EXPECT_THAT(complaint({"--nonsense"}), HasSubstr("--nonsense"));
  EXPECT_THAT(complaint({"--nonsense"}), HasSubstr("(see try --help)"));
  EXPECT_THAT(complaint({"--number"}), HasSubstr("--number"));
  EXPECT_THAT(complaint({"-q", "-q"}), HasSubstr("--quiet"));
}

TEST(CommandLine, AbbreviationsAreUnderstoodOnlyWhereTheTableSaysSo) {
  EXPECT_THAT(complaint({"--qui"}), HasSubstr("--qui"));
  CommandLine line = table();
  line.abbreviations = true;
  EXPECT_TRUE(parse(line, {"--qui"}).value().has("quiet"));
}

TEST(CommandLine, NumbersHaveARangeAndNothingBehindThem) {
  for (const char* wrong : {"0", "11", "x", "5x", "", "99999999999999999999", "-3"}) {
    EXPECT_EQ(complaint({"--number", wrong}, [](const Given& g) { g.number<int>("number", 0, 1, 10); }),
              std::string("--number wants a number from 1 to 10, not '") + wrong + "'");
  }
  EXPECT_EQ(given({"-n", "10"}).number<int>("number", 0, 1, 10), 10);
}

TEST(CommandLine, SecondsAreMoreThanNone) {
  for (const char* wrong : {"0", "-1", "x", "1s", "", "nan", "inf"}) {
    EXPECT_THAT(complaint({"--wait", wrong}, [](const Given& g) { g.seconds("wait", 1); }),
                HasSubstr("--wait wants a number of seconds"))
        << wrong;
  }
  EXPECT_EQ(given({"--wait", "0.25"}).seconds("wait", 1), 0.25);
}

TEST(CommandLine, PairsHaveTwoSides) {
  EXPECT_THAT(given({"--move", "a=b", "--move", "c=d=e"}).pairs("move"),
              testing::ElementsAre(Pair("a", "b"), Pair("c", "d=e")));
  EXPECT_THAT(given({"--move", "/a=b\t=/c\n", "--move", "a\\=b=c"}).pairs("move"),
              testing::ElementsAre(Pair("/a=b\t", "/c\n"), Pair("a=b", "c")));
  for (const char* wrong : {"a", "=b", "a="})
    EXPECT_THAT(complaint({"--move", wrong}, [](const Given& g) { g.pairs("move"); }), HasSubstr("--move")) << wrong;
}

TEST(CommandLine, TheOnlyOperandIsNeitherMissingNorOneOfMany) {
  EXPECT_EQ(given({"a"}).operand("a file"), "a");
  for (const Words& wrong : std::vector<Words>{{}, {"a", "b"}})
    EXPECT_THAT(complaint(wrong, [](const Given& g) { g.operand("a file"); }), HasSubstr("a file"));
}

TEST(CommandLine, ContradictionsNameBoth) {
  EXPECT_EQ(complaint({"-q", "-n", "1"},
                      [](const Given& g) {
                        g.at_most_one({"quiet", "wait", "number"});
                      }),
            "--quiet and --number contradict each other");
  EXPECT_EQ(complaint({"-q", "-n", "1"}, [](const Given& g) { g.without("quiet", {"number"}, "says nothing"); }),
            "--quiet says nothing: --number has no meaning with it");
  EXPECT_EQ(complaint({"-n", "1"}, [](const Given& g) { g.without("quiet", {"number"}, "says nothing"); }), "nothing");
}

TEST(CommandLine, HelpAndVersionAreAnsweredAtOnce) {
  testing::internal::CaptureStdout();
  EXPECT_FALSE(parse(table(), Words{"-h"}).has_value());
  const std::string help = testing::internal::GetCapturedStdout();
  EXPECT_THAT(help, HasSubstr("Usage: try"));
  EXPECT_THAT(help, HasSubstr("--backup [=NAME]"));
  testing::internal::CaptureStdout();
  EXPECT_FALSE(parse(table(), Words{"--version"}).has_value());
  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("try (Cairn) "));
}

TEST(CommandLine, WordsOfAListAndProcessNumbersAreChecked) {
  EXPECT_EQ(one_of("--kind", "b", {"a", "b"}), "b");
  EXPECT_THROW(one_of("--kind", "c", {"a", "b"}), ArgumentError);
  EXPECT_EQ(process_of("4711"), 4711);
  for (const char* wrong : {"", "0", "-1", "1x", "x", "99999999999"}) EXPECT_THROW(process_of(wrong), ArgumentError);
}

}  // namespace
}  // namespace cairn::cli
