// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <limits>
#include <random>

#include "core/base/codec.hpp"
#include "core/base/error.hpp"
#include "pmix/manifest/hdf5_writer.hpp"
#include "pmix/manifest/manifest_block.hpp"
#include "pmix/manifest/tree.hpp"
#include "tests/unit/pmix/manifest/support.hpp"

namespace cairn::manifest {
namespace {

using test::sample;
using test::ScratchDirectory;
using testing::HasSubstr;

void expect_same(const Manifest& a, const Manifest& b) {
  EXPECT_EQ(a.job.mpirun_pid, b.job.mpirun_pid);
  EXPECT_EQ(a.job.arguments, b.job.arguments);
  EXPECT_EQ(a.job.environment, b.job.environment);
  EXPECT_EQ(a.job.working_directory, b.job.working_directory);
  ASSERT_EQ(a.sequences.size(), b.sequences.size());
  for (const auto& [number, s] : a.sequences) {
    const Sequence& t = b.sequences.at(number);
    EXPECT_EQ(s.taken, t.taken);
    EXPECT_EQ(s.seconds, t.seconds);
    ASSERT_EQ(s.ranks.size(), t.ranks.size());
    for (std::size_t r = 0; r < s.ranks.size(); ++r) {
      EXPECT_EQ(s.ranks[r].path, t.ranks[r].path);
      EXPECT_EQ(s.ranks[r].host, t.ranks[r].host);
      EXPECT_EQ(s.ranks[r].engine, t.ranks[r].engine);
      EXPECT_EQ(s.ranks[r].wrapper, t.ranks[r].wrapper);
      EXPECT_EQ(s.ranks[r].statistics.bytes, t.ranks[r].statistics.bytes);
      EXPECT_EQ(s.ranks[r].statistics.checksum, t.ranks[r].statistics.checksum);
      EXPECT_EQ(s.ranks[r].statistics.write_seconds, t.ranks[r].statistics.write_seconds);
    }
  }
}

TEST(ManifestFile, ReadsWhatItWrote) { expect_same(sample(), decode(encode(sample()))); }

TEST(ManifestFile, ReadsAManifestWithoutSequences) {
  Manifest m = sample();
  m.sequences.clear();
  expect_same(m, decode(encode(m)));
}

TEST(ManifestFile, ReadsAnOlderOneThatNamesNoEngineOfRanks) {
  Tree tree = read_tree(encode(sample()));
  std::size_t columns = 0;
  for (Group& group : tree.groups)
    columns += std::erase_if(group.columns, [](const Values& column) { return column.name == "engine"; });
  ASSERT_EQ(columns, 2u);
  const Manifest old = from_tree(cairn::encode(tree));
  Manifest expected = sample();
  for (auto& [number, sequence] : expected.sequences)
    for (Rank& rank : sequence.ranks) rank.engine.clear();
  expect_same(expected, old);
  EXPECT_EQ(old.sequences.at(0).engines(), "");
  EXPECT_TRUE(old.sequences.at(0).parameters.engine == "user");
}

TEST(ManifestFile, NamesEachEngineOfASequenceOnce) { EXPECT_EQ(sample().sequences.at(0).engines(), "kmod, user"); }

TEST(ManifestFile, NoticesEveryFlippedBit) {
  const std::vector<unsigned char> good = encode(sample());
  std::mt19937 random(1);
  std::uniform_int_distribution<std::size_t> anywhere(0, good.size() * 8 - 1);
  for (int i = 0; i < 2000; ++i) {
    std::vector<unsigned char> bad = good;
    const std::size_t bit = anywhere(random);
    bad[bit / 8] = static_cast<unsigned char>(bad[bit / 8] ^ (1u << (bit % 8)));
    EXPECT_THROW(decode(bad), PermanentError) << "bit " << bit;
  }
}

TEST(ManifestFile, NoticesEveryLength) {
  const std::vector<unsigned char> good = encode(sample());
  for (std::size_t n = 0; n < good.size(); n += 97) {
    EXPECT_THROW(decode({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(n)}), PermanentError) << n;
  }
  std::vector<unsigned char> longer = good;
  longer.push_back(0);
  EXPECT_THROW(decode(longer), PermanentError);
}

// A well-formed file with a right checksum can still be hostile: anybody can compute one.
TEST(ManifestFile, RefusesPathsOfOtherFilesThanARestartOpens) {
  for (const char* path : {"/etc/passwd", "../other/rank_0.ctx", "0/../../x", "..", "", "0/rank_0.ctx", "12/rank_1.ctx",
                           "0/./rank_1.ctx", "0//rank_1.ctx", "0/rank_01.ctx"}) {
    Manifest m = sample();
    m.sequences[0].ranks[1].path = path;
    EXPECT_THROW(decode(encode(m)), PermanentError) << path;
  }
}

TEST(ManifestFile, RefusesTimesThatAreNone) {
  for (const double time : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    Manifest of_sequence = sample(), of_rank = sample();
    of_sequence.sequences[12].seconds = time;
    EXPECT_THROW(decode(encode(of_sequence)), PermanentError);
    of_rank.sequences[0].ranks[2].statistics.pause_seconds = -time;
    EXPECT_THROW(decode(encode(of_rank)), PermanentError);
  }
}

TEST(ManifestFile, SurvivesDamageBehindARightChecksum) {
  const std::vector<unsigned char> good = encode(sample());
  std::mt19937 random(2);
  std::uniform_int_distribution<std::size_t> anywhere(kBlockSize, good.size() - 1);
  for (int i = 0; i < 300; ++i) {
    std::vector<unsigned char> bad = good;
    for (int k = 0; k < 3; ++k) bad[anywhere(random)] = static_cast<unsigned char>(random());
    seal_block(bad);
    try {
      decode(bad);
    } catch (const Error&) {
      // Refused; the other right outcome is a manifest with other values.
    }
  }
}

TEST(ManifestFile, RefusesAnotherKindOfFile) {
  const ScratchDirectory scratch;
  std::ofstream(scratch.path(kFileName)) << std::string(5000, 'x');
  try {
    load(scratch.path());
    FAIL();
  } catch (const PermanentError& e) {
    EXPECT_THAT(e.what(), HasSubstr("no manifest"));
  }
}

TEST(ManifestFile, StoreReplacesAndLeavesNothingElse) {
  const ScratchDirectory scratch;
  Manifest m = sample();
  store(scratch.path(), m);
  m.sequences.erase(0);
  store(scratch.path(), m);
  expect_same(m, load(scratch.path()));
  const std::filesystem::directory_iterator files(scratch.path());
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

TEST(ManifestFile, AFailedStoreKeepsTheOldOne) {
  const ScratchDirectory scratch;
  const Manifest m = sample();
  store(scratch.path(), m);
  // The temporary name is taken by a directory.
  std::filesystem::create_directory(scratch.path(std::string(kFileName) + ".new"));
  EXPECT_THROW(store(scratch.path(), Manifest{}), EnvironmentError);
  expect_same(m, load(scratch.path()));
}

TEST(ManifestFile, AMissingOneIsTheEnvironmentsFault) {
  const ScratchDirectory scratch;
  EXPECT_THROW(load(scratch.path()), EnvironmentError);
}

}  // namespace
}  // namespace cairn::manifest
