// SPDX-License-Identifier: Apache-2.0
// What the fences carry: it comes out as it went in, is as short as the pairs that talk, and nonsense is refused.
#include <gtest/gtest.h>

#include <limits>

#include "core/base/codec.hpp"
#include "core/base/error.hpp"
#include "mpi/crcp/known.hpp"
#include "mpi/p2p/messages.hpp"

namespace cairn::crcp {
namespace {

template <class Message>
Message there_and_back(Message message) {
  return decode<Message>(encode(message), "fence");
}

EnteredCounts entered(std::uint64_t identity, std::uint64_t count, const std::vector<std::int32_t>& members) {
  EnteredCounts counts;
  counts.comms.push_back({identity, count, runs_of(members)});
  return counts;
}

Positions position(std::uint64_t identity, std::uint64_t begun, std::uint64_t issued) {
  Positions positions;
  positions.comms.push_back({identity, begun, issued, runs_of({0, 1})});
  return positions;
}

TEST(Members, are_told_as_runs) {
  const std::vector<std::int32_t> members{0, 1, 2, 3, 8, 10, 11};
  EXPECT_EQ(runs_of(members).size(), 3U);
  EXPECT_EQ(ranks_of(runs_of(members)), members);
}

TEST(Members, of_a_whole_job_take_one_run) {
  std::vector<std::int32_t> all;
  for (std::int32_t r = 0; r < 4096; ++r) all.push_back(r);
  EXPECT_EQ(runs_of(all).size(), 1U);
}

TEST(Members, more_than_a_job_can_have_are_refused) {
  constexpr std::uint32_t kTooMany = std::numeric_limits<std::uint32_t>::max();
  EXPECT_THROW(ranks_of({{0, kTooMany}}), PermanentError);
  EXPECT_THROW(ranks_of({{0, 1U << 24}, {0, 1}}), PermanentError);
  EXPECT_THROW(ranks_of({{-1, 1}}), PermanentError);
}

TEST(Limits, are_the_greatest_of_all_ranks) {
  KnownComms known;
  known.add(there_and_back(entered(7, 3, {0, 1})));
  known.add(there_and_back(entered(7, 5, {0, 1})));
  known.add(there_and_back(entered(7, 4, {0, 1})));
  known.add(there_and_back(position(7, 6, 8)));
  known.add(there_and_back(position(7, 5, 7)));
  ASSERT_NE(known.find(7), nullptr);
  EXPECT_EQ(known.find(7)->limit, 5U);
  EXPECT_EQ(known.find(7)->limit2, 6U);
  EXPECT_EQ(known.find(7)->top, 8U);
}

TEST(Limits, are_known_of_communicators_of_other_ranks) {
  KnownComms known;
  known.add(there_and_back(entered(9, 2, {3, 4})));
  ASSERT_EQ(known.all().size(), 1U);
  EXPECT_TRUE(known.all()[0].has(4));
  EXPECT_FALSE(known.all()[0].has(0));
}

TEST(Limits, of_a_communicator_made_since_the_request_are_those_of_the_freeze) {
  KnownComms known;
  known.add(there_and_back(position(7, 1, 0)));
  ASSERT_NE(known.find(7), nullptr);
  EXPECT_EQ(known.find(7)->limit, 0U);
  EXPECT_EQ(known.find(7)->limit2, 1U);
}

TEST(GroupCall, is_released_if_somebody_is_inside) {
  KnownComms known;
  Positions inside;
  inside.group_calls = {41, 42};
  known.add(there_and_back(inside));
  known.add(there_and_back(Positions{}));
  EXPECT_TRUE(known.is_released(42));
  EXPECT_FALSE(known.is_released(0));
}

TEST(Sent, comes_out_as_it_went_in) {
  p2p::SentCounts counts;
  counts.sent.push_back({7, 3, 1, 0, 12});
  counts.synchronous.push_back({3, 7, 1, 0, -2, 4, 99});
  counts.acknowledgements = {0, 5};
  const p2p::SentCounts read = there_and_back(counts);
  ASSERT_EQ(read.sent.size(), 1U);
  EXPECT_EQ(read.sent[0].to, 3);
  EXPECT_EQ(read.sent[0].to_rank, 1);
  EXPECT_EQ(read.sent[0].count, 12U);
  ASSERT_EQ(read.synchronous.size(), 1U);
  EXPECT_EQ(read.synchronous[0].tag, -2);
  EXPECT_EQ(read.synchronous[0].behind, 4U);
  EXPECT_EQ(read.synchronous[0].ticket, 99U);
  EXPECT_EQ(read.acknowledgements, counts.acknowledgements);
}

TEST(Part, that_ends_too_early_is_refused) {
  EnteredCounts counts = entered(7, 3, {0, 1, 5});
  std::vector<std::uint8_t> bytes = encode(counts);
  for (; !bytes.empty(); bytes.pop_back()) {
    const std::span<const std::uint8_t> shorter(bytes.data(), bytes.size() - 1);
    EXPECT_THROW(decode<EnteredCounts>(shorter, "fence"), PermanentError) << bytes.size();
  }
}

TEST(OwedLater, is_taken_once_and_for_its_communicator_only) {
  OwedLater later;
  later.add(7, {1, 2});
  later.add(8, {1, 1});
  later.add(7, {3, 3});
  std::vector<Interval> owed;
  EXPECT_TRUE(later.take(7, owed));
  ASSERT_EQ(owed.size(), 2U);
  EXPECT_EQ(owed[0].last, 2U);
  EXPECT_EQ(owed[1].first, 3U);
  EXPECT_FALSE(later.take(7, owed));
  later.clear();
  EXPECT_FALSE(later.take(8, owed));
}

}  // namespace
}  // namespace cairn::crcp
