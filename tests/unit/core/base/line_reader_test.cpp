// SPDX-License-Identifier: Apache-2.0
// Lines of a file of any length: across blocks, longer than a block, without an end.
#include "core/base/line_reader.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <vector>

#include "core/base/error.hpp"

namespace cairn {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  char path[] = "/tmp/cairn_line_test.XXXXXX";
  const UniqueFd made(mkstemp(path));
  std::ofstream(path) << text;
  std::vector<std::string> lines;
  LineReader reader(path);
  for (std::string_view line; reader.next(line);) lines.emplace_back(line);
  unlink(path);
  return lines;
}

TEST(LineReader, LinesHaveNoNewlineAndTheLastNeedsNone) {
  EXPECT_EQ(lines_of("a\n\nb"), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(lines_of("a\n"), (std::vector<std::string>{"a"}));
  EXPECT_TRUE(lines_of("").empty());
}

TEST(LineReader, LinesMayCrossBlocksAndBeLongerThanOne) {
  std::vector<std::string> wanted;
  std::string text;
  for (std::size_t length : {1, 65535, 65536, 7, 400000, 0, 131072, 3}) {
    wanted.emplace_back(length, static_cast<char>('a' + wanted.size()));
    text += wanted.back() + "\n";
  }
  EXPECT_EQ(lines_of(text), wanted);
}

TEST(LineReader, AFileThatIsNotThereIsNamed) { EXPECT_THROW(LineReader("/nonexistent/lines"), EnvironmentError); }

}  // namespace
}  // namespace cairn
