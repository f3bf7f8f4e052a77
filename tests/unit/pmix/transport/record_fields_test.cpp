// SPDX-License-Identifier: Apache-2.0
#include "pmix/transport/record_fields.hpp"

#include <gtest/gtest.h>

#include "pmix/transport/messages.hpp"

namespace cairn::pmix {
namespace {

template <class Message>
Message there_and_back(const Message& message) {
  return from_record<Message>(Record::decode(to_record(message).encode()));
}

TEST(RecordFields, CarryAnOrderWithItsParameters) {
  CheckpointOrder order;
  order.id = 7;
  order.term = true;
  order.directory = "/snapshots/0";
  order.parameters.engine = "kmod";
  order.parameters.fork = ForkMode::no;
  order.parameters.sync = false;
  order.parameters.timeout = 0.125;
  const CheckpointOrder back = there_and_back(order);
  EXPECT_EQ(back.id, 7u);
  EXPECT_TRUE(back.term);
  EXPECT_EQ(back.directory, "/snapshots/0");
  EXPECT_TRUE(back.parameters.engine == "kmod");
  EXPECT_EQ(back.parameters.fork, ForkMode::no);
  EXPECT_FALSE(back.parameters.sync);
  EXPECT_EQ(back.parameters.timeout, 0.125);
}

TEST(RecordFields, CarryMessagesByNumber) {
  Results results;
  results.ranks[0].code = 0;
  results.ranks[11].statistics.checksum = ~0ULL;
  results.ranks[11].statistics.fork_reason = "asked to fork";
  const Results back = there_and_back(results);
  ASSERT_EQ(back.ranks.size(), 2u);
  EXPECT_EQ(back.ranks.at(0).code, 0);
  EXPECT_EQ(back.ranks.at(11).statistics.checksum, ~0ULL);
  EXPECT_TRUE(back.ranks.at(11).statistics.fork_reason == "asked to fork");
}

TEST(RecordFields, AreNotTakenForOthersThatBeginAlike) {
  JobStatus status;  // has "ranks" beside "r0", "r1", ...
  status.size = 3;
  status.ranks[2].phase = "writing";
  const JobStatus back = there_and_back(status);
  EXPECT_EQ(back.size, 3u);
  ASSERT_EQ(back.ranks.size(), 1u);
  EXPECT_EQ(back.ranks.at(2).phase, "writing");
}

TEST(RecordFields, ThatAreMissingOrMakeNoSenseLeaveTheMemberAsItIs) {
  const Record record =
      Record("checkpoint").set("id", "many").set("fork", "perhaps").set("engine", std::string(99, 'x'));
  const auto order = from_record<CheckpointOrder>(record);
  EXPECT_EQ(order.id, 0u);
  EXPECT_EQ(order.parameters.fork, ForkMode::automatic);
  EXPECT_TRUE(order.parameters.engine == "auto");
}

TEST(RecordFields, AResultThatSaysNothingIsAFailure) { EXPECT_NE(from_record<RankResult>(Record()).code, 0); }

}  // namespace
}  // namespace cairn::pmix
