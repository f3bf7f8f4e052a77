// SPDX-License-Identifier: Apache-2.0
// Values as text and text as values.
#include "core/base/text.hpp"

#include <gtest/gtest.h>

#include "core/base/error.hpp"

namespace cairn {
namespace {

using Words = std::vector<std::string>;

TEST(Text, SizesHaveTheUnitThatFits) {
  EXPECT_EQ(human_size(0), "0 B");
  EXPECT_EQ(human_size(1023), "1023 B");
  EXPECT_EQ(human_size(1024), "1.0 KiB");
  EXPECT_EQ(human_size(3ull << 29), "1.5 GiB");
  EXPECT_EQ(human_size(~0ull), "16384.0 PiB");
}

TEST(Text, RatesOfNoTimeAreFinite) {
  EXPECT_EQ(human_rate(4096, 2), "2.0 KiB/s");
  EXPECT_EQ(human_rate(1, 0), "1000 B/s");
}

TEST(Text, ABaseNameHasNoDirectory) {
  EXPECT_EQ(base_name("/a/b"), "b");
  EXPECT_EQ(base_name("b"), "b");
  EXPECT_EQ(base_name("a/"), "");
}

TEST(Text, NumbersAreTheWholeText) {
  EXPECT_EQ(parse_number<int>("-7"), -7);
  EXPECT_EQ(parse_number<double>("0.5"), 0.5);
  for (const char* wrong : {"", " 1", "1 ", "1x", "0x1", "99999999999"})
    EXPECT_FALSE(parse_number<int>(wrong)) << wrong;
  EXPECT_FALSE(parse_number<unsigned>("-1"));
}

TEST(Text, WordsComeBackFromTheirQuotedForm) {
  const Words words = {"plain", "two words", "it's", "", "a\"b", "\\", "$HOME;`x`"};
  EXPECT_EQ(shell_words(quoted(words)), words);
}

TEST(Text, WordsAreSplitAsAShellDoes) {
  EXPECT_EQ(shell_words("  a 'b c'\"d e\"f  \\ g "), (Words{"a", "b cd ef", " g"}));
  EXPECT_THROW(shell_words("'open"), ArgumentError);
}

TEST(Text, ControlCharactersAreShownNotObeyed) {
  EXPECT_EQ(printable("a\x1b[31m\n\x7f\xc2\x9b\xc3\xa4"), "a\\x1b[31m\\x0a\\x7f\\xc2\\x9b\xc3\xa4");
  EXPECT_EQ(printable("\xe2\x80\xae\xe2\x82\xac\xf0\x9f\x98\x80"), "\\xe2\\x80\\xae\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(printable_lines("a\n\x1b"), "a\n\\x1b");
  EXPECT_EQ(quoted({"it's\x1b"}), "$'it\\'s\\x1b'");
}

TEST(Text, BytesThatAreNoCharacterAreShownByNumber) {
  // Alone, cut off, too long, a half of a pair, beyond the last.
  EXPECT_EQ(printable("\x9bz\xc3"), "\\x9bz\\xc3");
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");
  EXPECT_EQ(printable("\xe0\x80\x80"), "\\xe0\\x80\\x80");
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(quoted({"\x9bz"}), "$'\\x9bz'");
}

TEST(Text, AnyBytesAreOneWordWhenPercentEncoded) {
  std::string all;
  for (int c = 1; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(percent_encoded("/a b/%c\n\"d"), "/a%20b/%25c%0a%22d");
  EXPECT_EQ(percent_encoded(all).find_first_of(" \t\n'\"\\#"), std::string::npos);
  EXPECT_EQ(percent_decoded(percent_encoded(all)), all);
  EXPECT_EQ(percent_decoded("100%/%zz%4"), "100%/%zz%4");
}

TEST(Text, JsonHasItsControlCharactersEscaped) {
  EXPECT_EQ(json_text("a\"b\\c\n\x01"), "\"a\\\"b\\\\c\\u000a\\u0001\"");
  EXPECT_EQ(json_text("\xc2\x9b\xc3\xa4\x9b"), "\"\\u009b\xc3\xa4\\ufffd\"");
}

}  // namespace
}  // namespace cairn
