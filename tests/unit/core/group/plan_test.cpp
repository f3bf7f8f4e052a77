// SPDX-License-Identifier: Apache-2.0
// In what order the processes of a group are made, so that sessions and process groups come out as they were.
#include "core/group/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.hpp"

namespace cairn::group {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PlanTest : public testing::Test {
 protected:
  PlanTest() { add(10, 1, 5, 5); }
  void add(int pid, int parent, int group, int session) {
    index_.processes.push_back({pid, parent, group, session, false, 0, "sleep", 0});
  }
  std::vector<PlannedProcess> plan() const { return plan_restart(index_); }
  std::string refusal() const {
    try {
      plan();
    } catch (const PermanentError& error) {
      return error.what();
    }
    return "none";
  }
  context::GroupIndex index_;
};

TEST_F(PlanTest, ChildrenAreForkedByTheirParents) {
  add(11, 10, 5, 5), add(12, 10, 5, 5), add(13, 11, 5, 5);
  const auto all = plan();
  EXPECT_THAT(all[0].then, ElementsAre(1u, 2u));
  EXPECT_THAT(all[1].then, ElementsAre(3u));
  EXPECT_EQ(all[3].joins_group, 0);
  EXPECT_FALSE(all[3].makes_session);
}

TEST_F(PlanTest, AChildOfBeforeItsParentsSessionIsForkedBefore) {
  add(11, 10, 11, 11), add(12, 11, 5, 5), add(13, 11, 11, 11);
  const auto all = plan();
  EXPECT_TRUE(all[1].makes_session);
  EXPECT_THAT(all[1].first, ElementsAre(2u));
  EXPECT_THAT(all[1].then, ElementsAre(3u));
  EXPECT_EQ(all[3].joins_group, 11);
}

TEST_F(PlanTest, WhoMakesASessionInAnotherMayHaveChildrenOfTheFirst) {
  add(11, 10, 11, 11), add(12, 11, 12, 12), add(13, 12, 5, 5);
  const auto all = plan();
  EXPECT_THAT(all[1].first, ElementsAre(2u));
  EXPECT_THAT(all[2].first, ElementsAre(3u));
}

TEST_F(PlanTest, GroupsAreMadeAndJoined) {
  add(11, 10, 11, 5), add(12, 10, 11, 5);
  const auto all = plan();
  EXPECT_TRUE(all[1].makes_group);
  EXPECT_EQ(all[2].joins_group, 11);
  EXPECT_FALSE(all[2].makes_group);
}

TEST_F(PlanTest, AFirstProcessThatLeadsItsSessionIsNotMadeToLeadOneAgain) {
  index_.processes[0].group = index_.processes[0].session = 10;
  add(11, 10, 10, 10);
  const auto all = plan();
  EXPECT_FALSE(all[0].makes_session);
  EXPECT_THAT(all[0].first, IsEmpty());
  EXPECT_THAT(all[0].then, ElementsAre(1u));
  EXPECT_EQ(all[1].joins_group, 0);
}

TEST_F(PlanTest, ASessionWhoseLeaderIsGoneIsRefused) {
  add(11, 10, 99, 99);
  EXPECT_THAT(refusal(), HasSubstr("process 11 (sleep) is in session 99"));
}

TEST_F(PlanTest, AProcessGroupWhoseLeaderIsGoneIsMadeByTheFirstOfIt) {
  add(11, 10, 99, 5), add(12, 10, 99, 5), add(13, 10, 98, 5);
  const auto all = plan();
  EXPECT_EQ(all[1].joins_group, 99);
  EXPECT_TRUE(all[1].makes_leader);
  EXPECT_EQ(all[2].joins_group, 99);
  EXPECT_FALSE(all[2].makes_leader);
  EXPECT_TRUE(all[3].makes_leader);
}

TEST_F(PlanTest, AProcessGroupThatItsLeaderHasLeftIsRefused) {
  add(11, 10, 5, 5), add(12, 10, 11, 5);
  EXPECT_THAT(refusal(), HasSubstr("process 12 (sleep) is in process group 11, whose leader has left it"));
}

TEST_F(PlanTest, AProcessGroupInTwoSessionsIsRefused) {
  add(11, 10, 11, 11), add(12, 11, 99, 11), add(13, 10, 99, 5);
  EXPECT_THAT(refusal(), HasSubstr("process 13 (sleep) is in process group 99 of another session"));
}

TEST_F(PlanTest, WhoseParentIsNotSavedIsMadeBesideTheFirst) {
  add(11, 0, 5, 5), add(12, 11, 5, 5), add(13, 0, 13, 13), add(14, 13, 13, 13);
  const auto all = plan();
  EXPECT_FALSE(all[0].beside);
  EXPECT_THAT(all[0].then, IsEmpty());
  EXPECT_TRUE(all[1].beside);
  EXPECT_THAT(all[1].then, ElementsAre(2u));
  EXPECT_TRUE(all[3].beside && all[3].makes_session);
  EXPECT_THAT(all[3].then, ElementsAre(4u));
}

TEST_F(PlanTest, WhoseParentIsNotSavedCanBeInNoOtherSession) {
  add(11, 0, 99, 99);
  EXPECT_THAT(refusal(), HasSubstr("process 11 (sleep) is in session 99"));
}

}  // namespace
}  // namespace cairn::group
