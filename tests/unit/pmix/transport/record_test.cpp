// SPDX-License-Identifier: Apache-2.0
#include "core/base/record.hpp"

#include <gtest/gtest.h>

#include <random>

#include "core/base/error.hpp"
#include "core/context/rank_of_image.hpp"

namespace cairn::pmix {
namespace {

Record sample() {
  Record r("checkpoint");
  r.set("text", std::string("a\0b", 3))
      .set("empty", "")
      .set("number", std::uint64_t{1} << 63)
      .set("time", 0.125)
      .set("yes", true);
  return r;
}

TEST(Record, ComesBackAsItWas) {
  const Record r = Record::decode(sample().encode());
  EXPECT_EQ(r.fields(), sample().fields());
  EXPECT_EQ(r.get("text"), std::string("a\0b", 3));
  EXPECT_EQ(r.get_u64("number"), std::uint64_t{1} << 63);
  EXPECT_EQ(r.get_double("time"), 0.125);
  EXPECT_TRUE(r.get_bool("yes"));
}

TEST(Record, ReadsMissingAndMeaninglessNumbersAsTheFallback) {
  Record r;
  r.set("word", "12x").set("minus", "-1").set("huge", "99999999999999999999");
  for (const char* name : {"nothing", "word", "minus", "huge"}) EXPECT_EQ(r.get_u64(name, 7), 7u) << name;
  EXPECT_EQ(r.get_double("word", 7), 7);
}

TEST(Record, RefusesEveryOtherLength) {
  const std::string good = sample().encode();
  for (std::size_t n = 0; n < good.size(); ++n) EXPECT_THROW(Record::decode(good.substr(0, n)), PermanentError) << n;
  EXPECT_THROW(Record::decode(good + "x"), PermanentError);
}

TEST(Record, RefusesMoreFieldsThanThereCanBe) {
  EXPECT_THROW(Record::decode(std::string("\xff\xff\xff\xff", 4)), PermanentError);
}

TEST(Record, SurvivesRandomBytes) {
  std::mt19937 random(3);
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = sample().encode();
    for (int k = 0; k < 4; ++k) bytes[random() % bytes.size()] = static_cast<char>(random());
    try {
      Record::decode(bytes);
    } catch (const PermanentError&) {
      // As it should be, unless only a value was hit.
    }
  }
}

// Programs without MPI read it, too.
TEST(JobSection, SaysWhoseRankItIs) {
  const auto read = [](const Record& record) {
    const std::string bytes = record.encode();
    return context::rank_of_section({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  };
  Record section("mpi");
  section.set("initialized", true)
      .set("finalized", false)
      .set("rank", std::uint64_t{17})
      .set("size", std::uint64_t{40});
  EXPECT_EQ(read(section), 17U);
  section.set("finalized", true);
  EXPECT_EQ(read(section), std::nullopt);
  section.set("finalized", false).set("initialized", false);
  EXPECT_EQ(read(section), std::nullopt);
}

TEST(JobSection, SaysNothingIfItIsCutOff) {
  Record section("mpi");
  section.set("initialized", true).set("finalized", false).set("rank", std::uint64_t{1});
  const std::string bytes = section.encode();
  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_EQ(context::rank_of_section({reinterpret_cast<const std::uint8_t*>(bytes.data()), n}), std::nullopt) << n;
}

}  // namespace
}  // namespace cairn::pmix
