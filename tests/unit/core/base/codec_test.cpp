// SPDX-License-Identifier: Apache-2.0
// The codec of sections: the bytes are what the format says, and hostile input does no more harm than an error.
#include "core/base/codec.hpp"

#include <gtest/gtest.h>

#include <random>

#include "core/base/error.hpp"

namespace cairn {
namespace {

using Bytes = std::vector<std::uint8_t>;

struct Point {
  std::int16_t x = 0;
  bool set = false;
  template <class Archive>
  void fields(Archive& a) {
    a(x, set);
  }
};

struct Everything {
  std::uint8_t small = 0;
  std::int64_t large = 0;
  std::string text;
  std::vector<Point> points;
  std::array<std::uint32_t, 2> pair{};
  std::vector<std::string> words;
  template <class Archive>
  void fields(Archive& a) {
    a(small, large, text, points, pair, words);
  }
};

struct List {
  std::vector<Everything> list;
  template <class Archive>
  void fields(Archive& a) {
    a(list);
  }
};

Everything everything() { return {200, -2, std::string("a\0b", 3), {{-1, true}, {2, false}}, {1, 2}, {"", "word"}}; }

TEST(Codec, NumbersAreLittleEndianAndListsHaveTheirCountBefore) {
  Everything state{1, 2, "xy", {{-2, true}}, {3, 0x04050607}, {}};
  EXPECT_EQ(encode(state), (Bytes{1, 2, 0, 0, 0,    0,    0, 0, 0,  // numbers
                                  2, 0, 0, 0, 'x',  'y',            // text
                                  1, 0, 0, 0, 0xfe, 0xff, 1,        // a list of one point
                                  3, 0, 0, 0, 7,    6,    5, 4,     // as many as the type says
                                  0, 0, 0, 0}));
}

TEST(Codec, EverythingComesBack) {
  Everything state = everything();
  const auto again = decode<Everything>(encode(state), "test");
  EXPECT_EQ(again.small, 200);
  EXPECT_EQ(again.large, -2);
  EXPECT_EQ(again.text, std::string("a\0b", 3));
  EXPECT_EQ(again.points.at(0).x, -1);
  EXPECT_TRUE(again.points.at(0).set);
  EXPECT_EQ(again.pair[1], 2u);
  EXPECT_EQ(again.words, (std::vector<std::string>{"", "word"}));
}

TEST(Codec, EveryTruncationIsAnError) {
  Everything state = everything();
  const Bytes good = encode(state);
  for (std::size_t length = 0; length < good.size(); ++length)
    EXPECT_THROW(decode<Everything>(std::span(good).first(length), "test"), PermanentError) << length;
}

TEST(Codec, BytesTooManyAreAnError) {
  Everything state = everything();
  Bytes bytes = encode(state);
  bytes.push_back(0);
  EXPECT_THROW(decode<Everything>(bytes, "test"), PermanentError);
}

TEST(Codec, ACountThatTheInputCannotFillIsRefusedBeforeItIsAllocated) {
  for (const std::uint32_t count : {0x7fffffffu, 0xffffffffu, 9u}) {
    Bytes bytes(12, 0);
    for (int i = 0; i < 4; ++i) bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(count >> (8 * i));
    EXPECT_THROW(decode<List>(bytes, "list"), PermanentError) << count;
  }
}

TEST(Codec, TheErrorNamesTheSection) {
  try {
    decode<Point>(Bytes{1}, "of points");
    FAIL() << "was decoded";
  } catch (const PermanentError& error) {
    EXPECT_NE(std::string(error.what()).find("of points"), std::string::npos) << error.what();
  }
}

TEST(Codec, AnyDamageGivesAStateOrAnError) {
  Everything state = everything();
  const Bytes good = encode(state);
  std::mt19937 random(4711);
  for (int round = 0; round < 5000; ++round) {
    Bytes bytes = good;
    for (unsigned change = 0; change <= random() % 4; ++change)
      bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    if (random() % 3 == 0) bytes.resize(random() % (bytes.size() + 1));
    try {
      auto read = decode<Everything>(bytes, "test");
      EXPECT_LE(encode(read).size(), bytes.size());
    } catch (const PermanentError&) {
    }
  }
}

}  // namespace
}  // namespace cairn
