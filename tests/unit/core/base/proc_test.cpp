// SPDX-License-Identifier: Apache-2.0
// Readers of /proc: the shapes of text that its files have, and those that they should not have.
#include "core/base/proc.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/base/error.hpp"

namespace cairn {
namespace {

using Views = std::vector<std::string_view>;

class ProcFile : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(mkdtemp(directory_), nullptr); }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string put(const std::string& name, const std::string& text) {
    const std::string path = std::string(directory_) + "/" + name;
    std::ofstream(path) << text;
    return path;
  }
  char directory_[32] = "/tmp/cairn_proc_test.XXXXXX";
};

TEST(ProcText, LinesHaveNoNewlineAndTheLastNeedsNone) {
  EXPECT_EQ(split_lines("a\n\nb"), (Views{"a", "", "b"}));
  EXPECT_EQ(split_lines("a\n"), (Views{"a"}));
  EXPECT_TRUE(split_lines("").empty());
}

TEST(ProcText, WordsStandBetweenBlanksAndTabs) {
  EXPECT_EQ(split_words("  a\tb  c "), (Views{"a", "b", "c"}));
  EXPECT_TRUE(split_words(" \t ").empty());
}

TEST(ProcText, AFieldIsFoundByItsWholeName) {
  const std::string text = "VmRSSx:\t1 kB\nVmRSS:\t  42 kB\nEmpty:\nLast: end";
  EXPECT_EQ(field(text, "VmRSS"), "42 kB");
  EXPECT_EQ(field(text, "Empty"), "");
  EXPECT_EQ(field(text, "Last"), "end");
  EXPECT_EQ(field(text, "Vm"), "");
  EXPECT_EQ(field(text, "missing"), "");
}

TEST(ProcText, ANumberEndsWhereItsDigitsEnd) {
  EXPECT_EQ(to_number("42 kB"), 42u);
  EXPECT_EQ(to_number("ff-", 16), 255u);
  EXPECT_EQ(to_number("18446744073709551615"), ~0ULL);
  EXPECT_EQ(to_number("18446744073709551616"), 0u);  // more than fits is none
  EXPECT_EQ(to_number("none"), 0u);
  EXPECT_EQ(to_number(""), 0u);
}

TEST(ProcText, OnlyTheEndIsTrimmed) { EXPECT_EQ(trimmed("  a b \n\n"), "  a b"); }

TEST_F(ProcFile, StatFieldsBeginAfterTheLastParenthesisOfTheName) {
  const auto fields = stat_fields(put("stat", "12 (a) R (b) S 1 2 -3\n"));
  EXPECT_EQ(fields, (std::vector<std::string>{"S", "1", "2", "-3"}));
}

TEST_F(ProcFile, StatWithoutANameIsAnError) { EXPECT_THROW(stat_fields(put("stat", "12 a R")), EnvironmentError); }

TEST_F(ProcFile, AFileOfAnyLengthIsReadWhole) {
  const std::string text(300000, 'x');
  EXPECT_EQ(read_file(put("long", text)), text);
  EXPECT_EQ(read_file(put("none", "")), "");
}

TEST_F(ProcFile, WhatIsNotThereIsNothingOrAnErrorThatNamesIt) {
  const std::string path = std::string(directory_) + "/gone";
  EXPECT_FALSE(read_file(path).has_value());
  EXPECT_FALSE(write_file(path, "x"));
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_EQ(read_link(path), "");
  EXPECT_TRUE(directory_entries(path).empty());
  try {
    read_file_or_throw(path);
    FAIL() << "was read";
  } catch (const EnvironmentError& error) {
    EXPECT_NE(std::string(error.what()).find(path), std::string::npos);
  }
}

TEST_F(ProcFile, ADirectoryIsListedWithoutItselfAndItsParent) {
  std::vector<std::string> expected;
  for (int i = 0; i < 500; ++i) {  // more than one call to the kernel
    expected.push_back("file-with-a-long-name-" + std::to_string(i));
    put(expected.back(), "");
  }
  auto names = directory_entries(directory_);
  std::sort(names.begin(), names.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(names, expected);
}

TEST(Proc, TheProcessItselfIsRead) {
  const auto status = read_file("/proc/self/status");
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(to_number(field(*status, "Pid")), static_cast<std::uint64_t>(getpid()));
  EXPECT_EQ(stat_fields("/proc/self/stat").at(1), std::to_string(getppid()));
  EXPECT_EQ(read_link("/proc/self/cwd"), std::filesystem::current_path().string());
}

}  // namespace
}  // namespace cairn
