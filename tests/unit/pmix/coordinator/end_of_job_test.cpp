// SPDX-License-Identifier: Apache-2.0
// What counts as the end of a job by a checkpoint. The test is rank 0's agent, on a link as real ones have it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <future>

#include "pmix/coordinator/coordinator.hpp"
#include "pmix/transport/coordinator_address.hpp"
#include "tests/unit/scratch_directory.hpp"

namespace cairn::pmix {
namespace {

namespace fs = std::filesystem;

constexpr double kPatience = 30;

class EndOfJob : public testing::Test {
 protected:
  void SetUp() override {
    Coordinator::Settings settings;
    settings.parent_directory = scratch_.path();
    settings.report = [this](const std::string& line) { reported_.set_value(line); };
    coordinator_ = new Coordinator(settings);  // its threads never end, and neither does it
    coordinator_->start();
    for (const auto& [name, value] : coordinator_->environment()) ::setenv(name.c_str(), value.c_str(), 1);
    const auto where = CoordinatorAddress::from_environment();
    ASSERT_TRUE(where);
    link_ = std::make_unique<SecureLink>(connect_tcp(where->addresses, where->port, kPatience), where->key, false,
                                         kPatience);
    link_->send(to_record(Hello{"job", "node", 1, 1, {}}));
    while (asked(JobStatus()).get("state") != "running") {
    }
  }

  template <class Message>
  std::future<Record> ask(const Message& message) {
    auto answer = std::make_shared<std::promise<Record>>();
    coordinator_->request(to_record(message), [answer](const Record& record) { answer->set_value(record); });
    return answer->get_future();
  }
  template <class Message>
  Record asked(const Message& message) {
    return ask(message).get();
  }
  template <class Message>
  Message next() {
    const auto record = link_->receive(kPatience);
    if (!record || !is<Message>(*record)) throw std::runtime_error(std::string("no ") + Message::type);
    return from_record<Message>(*record);
  }
  // All ranks have saved themselves.
  void send_results(const CheckpointOrder& order, const std::string& wrapper = {}) {
    Results results{1, order.id, {}};
    RankResult& own = results.ranks[0];
    own.code = CAIRN_EXIT_OK;
    own.host = "node";
    own.engine = "user";
    own.wrapper = wrapper;
    link_->send(to_record(results));
  }
  // All ranks have called MPI_Finalize.
  void finalize() {
    link_->send(to_record(Closed()));
    while (asked(JobStatus()).get("state") != "finalizing") {
    }
  }
  void expect_refused_for_good(const std::string& why) {
    const auto failed = from_record<Failed>(asked(CheckpointWish{.timeout = kPatience}));
    EXPECT_EQ(failed.code, CAIRN_EXIT_PERMANENT);
    EXPECT_NE(failed.text.find(why), std::string::npos) << failed.text;
  }

  const test::ScratchDirectory scratch_;
  Coordinator* coordinator_ = nullptr;
  std::unique_ptr<SecureLink> link_;
  std::promise<std::string> reported_;
};

TEST_F(EndOfJob, IsByTheCheckpointIfTheRanksHearOfIt) {
  auto answer = ask(CheckpointWish{.term = true, .timeout = kPatience});
  send_results(next<CheckpointOrder>());
  EXPECT_TRUE(next<Decision>().commit);
  EXPECT_TRUE(is<Done>(answer.get()));
  EXPECT_TRUE(coordinator_->checkpointed_and_stopped());
}

TEST_F(EndOfJob, IsItsOwnIfTheRanksHeardTooLate) {
  auto answer = ask(CheckpointWish{.term = true, .timeout = kPatience});
  send_results(next<CheckpointOrder>());
  EXPECT_TRUE(next<Decision>().commit);
  link_->send(to_record(GoesOn{1}));
  reported_.get_future().get();
  EXPECT_TRUE(is<Done>(answer.get()));
  EXPECT_FALSE(coordinator_->checkpointed_and_stopped());
}

TEST_F(EndOfJob, IsItsOwnIfTheRanksHaveGoneOnBeforeTheDecision) {
  auto answer = ask(CheckpointWish{.term = true, .timeout = kPatience});
  const auto order = next<CheckpointOrder>();
  link_->send(to_record(GoesOn{1}));
  send_results(order);
  EXPECT_TRUE(is<Done>(answer.get()));
  reported_.get_future().get();
  EXPECT_FALSE(coordinator_->checkpointed_and_stopped());
}

// It can never be checkpointed again: whoever waits for that (--wait) is told at once.
TEST_F(EndOfJob, IsNotByACheckpointThatIsWithdrawn) {
  auto answer = ask(CheckpointWish{.term = true, .timeout = kPatience, .ticket = "mine"});
  const auto order = next<CheckpointOrder>();
  EXPECT_TRUE(is<Failed>(asked(Withdrawal{"another's"})));
  EXPECT_TRUE(is<Withdrawn>(asked(Withdrawal{"mine"})));
  EXPECT_EQ(from_record<Failed>(answer.get()).code, CAIRN_EXIT_TEMPORARY);
  EXPECT_EQ(from_record<Failed>(asked(CheckpointWish{.timeout = kPatience})).code, CAIRN_EXIT_TEMPORARY);  // still busy
  send_results(order);
  EXPECT_FALSE(next<Decision>().commit);
  EXPECT_FALSE(coordinator_->checkpointed_and_stopped());
  ASSERT_TRUE(coordinator_->settle(kPatience));
  EXPECT_TRUE(from_record<SequenceList>(asked(SequenceList())).sequences.empty());
}

TEST_F(EndOfJob, ARequestThatWaitsForAnotherIsWithdrawnAlone) {
  auto first = ask(CheckpointWish{.timeout = kPatience, .ticket = "first"});
  const auto order = next<CheckpointOrder>();
  auto second = ask(CheckpointWish{.term = true, .patient = true, .timeout = kPatience, .ticket = "second"});
  EXPECT_TRUE(is<Withdrawn>(asked(Withdrawal{"second"})));
  EXPECT_EQ(from_record<Failed>(second.get()).code, CAIRN_EXIT_TEMPORARY);
  send_results(order);
  EXPECT_TRUE(is<Done>(first.get()));
}

TEST_F(EndOfJob, IsNotWithdrawnOnceTheSnapshotIsThere) {
  auto answer = ask(CheckpointWish{.term = true, .timeout = kPatience, .ticket = "mine"});
  send_results(next<CheckpointOrder>());
  EXPECT_TRUE(is<Done>(answer.get()));
  EXPECT_TRUE(is<Failed>(asked(Withdrawal{"mine"})));
  EXPECT_TRUE(next<Decision>().commit);
}

TEST_F(EndOfJob, AfterMpiFinalizeNoCheckpointIsPossibleAnyMore) {
  finalize();
  expect_refused_for_good("all ranks of the job have called MPI_Finalize");
}

TEST_F(EndOfJob, NorWhileTheRanksLeaveTheLog) {
  auto answer = ask(CheckpointWish{.timeout = kPatience});
  next<CheckpointOrder>();
  link_->send(to_record(Refused()));
  EXPECT_EQ(from_record<Failed>(answer.get()).code, CAIRN_EXIT_PERMANENT);
}

TEST_F(EndOfJob, OneThatWasCheckpointedToEndIsNotAskedForAgain) {
  auto answer = ask(CheckpointWish{.term = true, .timeout = kPatience});
  send_results(next<CheckpointOrder>());
  EXPECT_TRUE(next<Decision>().commit);
  EXPECT_TRUE(is<Done>(answer.get()));
  finalize();
  expect_refused_for_good("has been checkpointed, and is ending");
}

// What only one of many ranks may know is told with the snapshot, once.
TEST_F(EndOfJob, WhatWaitsForAProgramIsToldOnce) {
  for (const bool first : {true, false}) {
    auto answer = ask(CheckpointWish{.timeout = kPatience});
    send_results(next<CheckpointOrder>(), "/bin/sh ./w.sh");
    const auto done = from_record<Done>(answer.get());
    EXPECT_EQ(done.note.find("rank 0 runs under `/bin/sh ./w.sh`") != std::string::npos, first) << done.note;
  }
}

}  // namespace
}  // namespace cairn::pmix
