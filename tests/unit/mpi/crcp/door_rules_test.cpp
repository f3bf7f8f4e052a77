// SPDX-License-Identifier: Apache-2.0
// The door of docs/quiesce.md, rule by rule: which collective may begin in which mode, who issues its admission, what
// is owed afterwards, when a rank is level.
#include "mpi/crcp/door_rules.hpp"

#include <gtest/gtest.h>

namespace cairn::crcp {
namespace {

constexpr Mode kModes[] = {Mode::normal, Mode::waitres, Mode::admit, Mode::closed, Mode::release};

DoorCounters door_at(std::uint64_t entered) {
  DoorCounters door;
  door.called = entered + 1;
  door.entered = entered;
  return door;
}

TEST(Door, collectives_begin_one_after_the_other) {
  const DoorCounters door = door_at(4);
  for (const Mode mode : kModes) {
    EXPECT_FALSE(is_open(mode, door, 4));
    EXPECT_FALSE(is_open(mode, door, 6));
  }
  EXPECT_TRUE(is_open(Mode::normal, door, 5));
}

TEST(Door, is_shut_while_the_limits_are_being_agreed_on) {
  DoorCounters door = door_at(4);
  door.limit = door.limit2 = 9;
  EXPECT_FALSE(is_open(Mode::waitres, door, 5));
  EXPECT_FALSE(is_open(Mode::closed, door, 5));
}

TEST(Door, admits_what_some_member_is_in_without_more_ado) {
  DoorCounters door = door_at(4);
  door.limit = 5;
  EXPECT_FALSE(needs_issue(Mode::admit, door, 5));
  EXPECT_TRUE(is_open(Mode::admit, door, 5));
}

TEST(Door, asks_all_members_before_what_nobody_is_in) {
  DoorCounters door = door_at(5);
  door.limit = 5;
  EXPECT_TRUE(needs_issue(Mode::admit, door, 6));
  EXPECT_FALSE(is_open(Mode::admit, door, 6));

  door.issued = 6;
  door.admissions = {{6, true}};
  EXPECT_FALSE(needs_issue(Mode::admit, door, 6));
  EXPECT_FALSE(is_open(Mode::admit, door, 6));

  door.admissions[0].pending = false;
  EXPECT_TRUE(is_open(Mode::admit, door, 6));
}

TEST(Door, needs_no_admission_with_one_member) {
  DoorCounters door = door_at(5);
  door.alone = true;
  EXPECT_FALSE(needs_issue(Mode::admit, door, 6));
  EXPECT_TRUE(is_open(Mode::admit, door, 6));
}

TEST(Door, lets_those_behind_catch_up_when_frozen) {
  DoorCounters door = door_at(5);
  door.limit2 = 6;
  EXPECT_TRUE(is_open(Mode::release, door, 6));
  door.entered = 6;
  EXPECT_FALSE(is_open(Mode::release, door, 7));
}

TEST(Door, does_not_wait_for_an_admission_when_frozen) {
  DoorCounters door = door_at(5);
  door.limit = 5;
  door.limit2 = 6;
  door.issued = 6;
  door.admissions = {{6, true}};
  EXPECT_TRUE(is_open(Mode::release, door, 6));
}

TEST(Door, issues_nothing_but_in_normal_and_admit) {
  DoorCounters door = door_at(5);
  door.owed = {{6, 6}};
  EXPECT_TRUE(needs_issue(Mode::normal, door, 6));
  EXPECT_TRUE(needs_issue(Mode::admit, door, 6));
  for (const Mode mode : {Mode::waitres, Mode::closed, Mode::release}) EXPECT_FALSE(needs_issue(mode, door, 6));
}

TEST(Owed, is_issued_before_the_collective_and_not_waited_for) {
  DoorCounters door = door_at(5);
  door.owed = {{6, 7}};
  EXPECT_FALSE(is_open(Mode::normal, door, 6));
  door.issued = 6;
  door.admissions = {{6, true}};
  EXPECT_FALSE(needs_issue(Mode::normal, door, 6));
  EXPECT_TRUE(is_open(Mode::normal, door, 6));
}

TEST(Owed, is_what_somebody_issued_and_nobody_began) {
  DoorCounters door = door_at(5);
  door.limit = 5;
  door.limit2 = 6;
  door.top = 8;
  EXPECT_TRUE(add_owed(door));
  for (const std::uint64_t k : {5, 6, 9}) EXPECT_FALSE(door.is_owed(k)) << k;
  for (const std::uint64_t k : {7, 8}) EXPECT_TRUE(door.is_owed(k)) << k;
}

TEST(Owed, begins_behind_the_limit_if_nobody_was_released) {
  DoorCounters door = door_at(5);
  door.limit = 5;
  door.top = 6;
  EXPECT_TRUE(add_owed(door));
  EXPECT_TRUE(door.is_owed(6));
}

TEST(Owed, is_nothing_if_all_that_was_issued_has_begun) {
  DoorCounters door = door_at(6);
  door.limit = 5;
  door.limit2 = door.top = 6;
  EXPECT_FALSE(add_owed(door));
  EXPECT_TRUE(door.owed.empty());
}

TEST(Owed, is_forgotten_when_begun) {
  DoorCounters door = door_at(6);
  door.owed = {{5, 6}, {7, 8}};
  EXPECT_TRUE(tidy_admissions(door));
  EXPECT_FALSE(door.is_owed(6));
  EXPECT_TRUE(door.is_owed(7));
  door.entered = 8;
  EXPECT_FALSE(tidy_admissions(door));
}

TEST(Owed, is_forgotten_with_the_library) {
  DoorCounters door = door_at(5);
  door.owed = {{6, 6}};
  door.issued = 6;
  door.admissions = {{6, true}};
  forget_admissions(door);
  EXPECT_EQ(door.issued, 0U);
  EXPECT_FALSE(needs_issue(Mode::normal, door, 6));
  EXPECT_TRUE(is_open(Mode::normal, door, 6));
}

TEST(Left, begins_everything_but_issues_what_others_may_wait_for) {
  DoorCounters door = door_at(5);
  door.limit = 5;
  EXPECT_TRUE(needs_issue(Mode::left, door, 6));
  EXPECT_FALSE(is_open(Mode::left, door, 6));
  door.issued = 6;
  door.admissions = {{6, true}};
  EXPECT_FALSE(is_open(Mode::admit, door, 6));
  EXPECT_TRUE(is_open(Mode::left, door, 6)) << "it is not waited for";
}

TEST(Left, issues_what_is_owed_from_an_earlier_request) {
  DoorCounters door = door_at(5);
  door.limit = 6;
  door.owed = {{6, 6}};
  EXPECT_TRUE(needs_issue(Mode::left, door, 6));
}

TEST(Admission, is_kept_until_its_collective_has_begun) {
  DoorCounters door = door_at(5);
  door.issued = 6;
  door.admissions = {{6, false}};
  EXPECT_TRUE(tidy_admissions(door));
  EXPECT_TRUE(door.admitted(6));
  door.entered = 6;
  EXPECT_FALSE(tidy_admissions(door));
}

TEST(Admission, of_another_number_admits_nothing) {
  DoorCounters door = door_at(5);
  door.issued = 7;
  EXPECT_FALSE(door.admitted(6));
  EXPECT_TRUE(door.admitted(7));
}

TEST(Admission, settles_when_complete_up_to_limit2) {
  DoorCounters door = door_at(6);
  door.limit2 = 6;
  door.admissions = {{6, true}, {7, true}};
  EXPECT_FALSE(admissions_settled(door));
  door.admissions[0].pending = false;
  EXPECT_TRUE(admissions_settled(door));
}

TEST(Freeing, waits_for_admissions_in_the_library) {
  DoorCounters door = door_at(6);
  door.admissions = {{6, true}};
  EXPECT_FALSE(may_free(Mode::normal, door));
  EXPECT_FALSE(may_free(Mode::admit, door));
  EXPECT_TRUE(may_free(Mode::release, door)) << "some member has passed it";
  door.admissions[0].pending = false;
  EXPECT_TRUE(may_free(Mode::normal, door));
}

TEST(Level, is_who_has_begun_what_anybody_has) {
  const DoorCounters door = door_at(5);
  EXPECT_TRUE(is_level_on(5, &door, false));
  EXPECT_FALSE(is_level_on(6, &door, false));
}

TEST(Level, is_judged_by_communicators_that_are_not_known_here_yet) {
  EXPECT_FALSE(is_level_on(1, nullptr, false));
  EXPECT_TRUE(is_level_on(0, nullptr, false)) << "nobody has begun anything on it";
}

TEST(Level, is_not_held_back_by_a_tombstone_that_was_given_up) { EXPECT_TRUE(is_level_on(7, nullptr, true)); }

TEST(Tombstone, is_proved_dead_by_a_communicator_of_all_its_members) {
  EXPECT_TRUE(proves_left({0, 1, 2, 5}, {1, 5}));
  EXPECT_TRUE(proves_left({1, 5}, {1, 5}));
  EXPECT_FALSE(proves_left({0, 1, 2}, {1, 5}));
}

}  // namespace
}  // namespace cairn::crcp
