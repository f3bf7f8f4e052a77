// SPDX-License-Identifier: Apache-2.0
// The phases of a group's checkpoint, with members that write down what they are asked to do.
#include "core/group/group.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/base/exit_codes.h"

namespace cairn::group {
namespace {

using testing::Contains;
using testing::ElementsAre;
using Words = std::vector<std::string>;

// Fails in the phase `fails`, if that is one.
class Scribe final : public Member {
 public:
  Scribe(std::string name, Words& said, std::string fails = {})
      : name_(std::move(name)), fails_(std::move(fails)), said_(said) {}

  std::string name() const override { return name_; }
  std::string engine() const override { return "engine of " + name_; }
  std::optional<Error> obstacle() const override {
    said_.push_back(name_ + " obstacle");
    if (fails_ == "obstacle") return PermanentError("a device");
    return std::nullopt;
  }
  void stand(const Request& request) override {
    timeout = request.parameters.timeout;
    say("stand");
  }
  void save(const Request&) override { say("save"); }
  void release(int failure, int) override { say(failure == 0 ? "release" : "release as a failure"); }
  CheckpointStatistics finish(double) override {
    say("finish");
    CheckpointStatistics statistics;
    statistics.bytes = name_.size();
    return statistics;
  }
  void abandon() noexcept override { said_.push_back(name_ + " abandon"); }
  bool is_gone() const noexcept override { return ended; }
  std::uint64_t bytes_so_far() const noexcept override { return 10; }

  double timeout = 0;
  bool ended = false;

 private:
  void say(const std::string& phase) {
    said_.push_back(name_ + " " + phase);
    ended = fails_ == "end" && phase == "stand";
    if (ended) throw TemporaryError("it ended");
    if (fails_ == phase) throw EnvironmentError("no space left");
  }

  const std::string name_, fails_;
  Words& said_;
};

class GroupTest : public testing::Test {
 protected:
  ~GroupTest() override { group_.abandon(); }
  std::shared_ptr<Scribe> add(const std::string& name, const std::string& fails = {}) {
    members_.push_back(std::make_shared<Scribe>(name, said_, fails));
    return members_.back();
  }
  // What the call throws.
  template <class Call>
  std::string thrown(Call call, int code) {
    try {
      call();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code);
      return error.what();
    }
    return "nothing";
  }

  Words said_;
  std::vector<std::shared_ptr<Scribe>> members_;
  Group group_{[this](const Group::Members& known) {
    // What has turned up since.
    if (!known.empty() && late_ != nullptr) members_.push_back(std::exchange(late_, nullptr));
    Group::Members found;
    for (const auto& member : members_) {
      if (!member->ended && std::find(known.begin(), known.end(), member) == known.end()) found.push_back(member);
    }
    return found;
  }};
  std::shared_ptr<Scribe> late_;
};

TEST_F(GroupTest, EachPhaseIsForAllBeforeTheNextBegins) {
  add("a"), add("bb");
  group_.save({});
  group_.release();
  const auto statistics = group_.finish(1);
  EXPECT_THAT(said_, ElementsAre("a obstacle", "bb obstacle", "a stand", "bb stand", "a save", "bb save", "bb release",
                                 "a release", "a finish", "bb finish"));
  ASSERT_EQ(statistics.size(), 2u);
  EXPECT_EQ(statistics[0].bytes, 1u);
  EXPECT_EQ(statistics[1].bytes, 2u);
}

TEST_F(GroupTest, EachMemberSaysWhichEngineHasSavedIt) {
  add("a"), add("b");
  group_.save({});
  group_.finish(1);
  EXPECT_THAT(group_.engines(), ElementsAre("engine of a", "engine of b"));
}

TEST_F(GroupTest, NobodyIsSavedWhenOneHasAnObstacle) {
  add("a"), add("b", "obstacle");
  EXPECT_EQ(thrown([&] { group_.save({}); }, CAIRN_EXIT_PERMANENT), "b: a device");
  EXPECT_THAT(said_, ElementsAre("a obstacle", "b obstacle", "a abandon", "b abandon"));
}

TEST_F(GroupTest, ObstaclesThatTheCallerKnowsAreNotAskedForAgain) {
  add("a", "obstacle");
  EXPECT_TRUE(group_.obstacle());
  said_.clear();
  Request request;
  request.looked = true;
  group_.save(request);
  EXPECT_THAT(said_, ElementsAre("a stand", "a save"));
}

TEST_F(GroupTest, OneThatCannotBeSavedGivesUpAll) {
  add("a"), add("b", "save"), add("c");
  EXPECT_EQ(thrown([&] { group_.save({}); }, CAIRN_EXIT_ENVIRONMENT), "b: no space left");
  EXPECT_THAT(Words(said_.begin() + 6, said_.end()),
              ElementsAre("a save", "b save", "a abandon", "b abandon", "c abandon"));
}

TEST_F(GroupTest, OneThatDoesNotStandGivesUpAll) {
  add("a"), add("b", "stand"), add("c");
  EXPECT_EQ(thrown([&] { group_.save({}); }, CAIRN_EXIT_ENVIRONMENT), "b: no space left");
  EXPECT_THAT(Words(said_.begin() + 3, said_.end()),
              ElementsAre("a stand", "b stand", "a abandon", "b abandon", "c abandon"));
}

TEST_F(GroupTest, WhoTurnsUpWhileTheOthersStandIsAskedAndStandsBeforeAnybodyIsSaved) {
  add("a");
  late_ = std::make_shared<Scribe>("b", said_);
  group_.save({});
  EXPECT_THAT(said_, ElementsAre("a obstacle", "a stand", "b obstacle", "b stand", "a save", "b save"));
}

TEST_F(GroupTest, WhoTurnsUpWithAnObstacleGivesUpAll) {
  add("a");
  late_ = std::make_shared<Scribe>("b", said_, "obstacle");
  EXPECT_EQ(thrown([&] { group_.save({}); }, CAIRN_EXIT_PERMANENT), "b: a device");
  EXPECT_THAT(said_, Contains("a abandon"));
}

TEST_F(GroupTest, WhoHasEndedBeforeHeStoodIsLeftOut) {
  add("a"), add("b", "end");
  group_.save({});
  EXPECT_EQ(group_.members().size(), 1u);
}

TEST_F(GroupTest, OneThatCannotBeFinishedGivesUpAll) {
  add("a"), add("b", "finish");
  group_.save({});
  group_.release();
  EXPECT_EQ(thrown([&] { group_.finish(1); }, CAIRN_EXIT_ENVIRONMENT), "b: no space left");
  EXPECT_THAT(said_, Contains("a abandon"));
}

TEST_F(GroupTest, TheOnlyMemberIsNotNamed) {
  add("a", "save");
  EXPECT_EQ(thrown([&] { group_.save({}); }, CAIRN_EXIT_ENVIRONMENT), "no space left");
}

TEST_F(GroupTest, TheTimeoutIsForAllTogether) {
  const auto first = add("a"), second = add("b");
  Request request;
  request.parameters.timeout = 50;
  group_.save(request);
  EXPECT_LE(first->timeout, 50);
  EXPECT_LT(second->timeout, first->timeout);
}

TEST_F(GroupTest, ItsMembersAreFoundAnewForEachCheckpoint) {
  add("a");
  group_.save({});
  group_.finish(1);
  EXPECT_EQ(group_.bytes_so_far(), 10u);
  add("b");
  group_.save({});
  EXPECT_EQ(group_.bytes_so_far(), 20u);
}

}  // namespace
}  // namespace cairn::group
