// SPDX-License-Identifier: Apache-2.0
#include "pmix/manifest/snapshot_store.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "core/base/error.hpp"
#include "tests/unit/pmix/manifest/support.hpp"

namespace cairn::manifest {
namespace {

namespace fs = std::filesystem;
using test::ScratchDirectory;
using test::sequence_of;

Job job_of(unsigned ranks) {
  Job job;
  job.ranks = ranks;
  return job;
}

std::uint64_t take(SnapshotStore& store) {
  const std::uint64_t n = store.begin(job_of(1));
  std::ofstream(store.path(n) + "/rank_0.ctx") << "image";
  store.commit(n, sequence_of(1, n));
  return n;
}

TEST(SnapshotStore, CountsFromZero) {
  const ScratchDirectory scratch;
  SnapshotStore store(scratch.path("s"));
  EXPECT_EQ(take(store), 0u);
  EXPECT_EQ(take(store), 1u);
  EXPECT_EQ(load(scratch.path("s")).sequences.size(), 2u);
}

TEST(SnapshotStore, AnAttemptThatFailedLeavesNothing) {
  const ScratchDirectory scratch;
  SnapshotStore store(scratch.path("s"));
  const std::uint64_t n = store.begin(job_of(1));
  std::ofstream(store.path(n) + "/rank_0.ctx") << "half an image";
  store.discard(n);
  EXPECT_FALSE(fs::exists(scratch.path("s")));
  EXPECT_EQ(take(store), 0u);
}

TEST(SnapshotStore, AnAttemptThatFailedLeavesTheOthers) {
  const ScratchDirectory scratch;
  SnapshotStore store(scratch.path("s"));
  take(store);
  store.discard(store.begin(job_of(1)));
  EXPECT_EQ(store.manifest().sequences.size(), 1u);
  EXPECT_FALSE(fs::exists(store.path(1)));
  EXPECT_EQ(take(store), 1u);
}

TEST(SnapshotStore, ADirectoryThatSomebodyElseMadeIsNotUsed) {
  const ScratchDirectory scratch;
  fs::create_directory(scratch.path("elsewhere"));
  fs::create_directory_symlink(scratch.path("elsewhere"), scratch.path("link"));
  EXPECT_THROW(SnapshotStore(scratch.path("link")).begin(job_of(1)), EnvironmentError);
  fs::permissions(scratch.path("elsewhere"), fs::perms::others_write, fs::perm_options::add);
  EXPECT_THROW(SnapshotStore(scratch.path("elsewhere")).begin(job_of(1)), EnvironmentError);
  if (::geteuid() != 0) return;
  fs::permissions(scratch.path("elsewhere"), fs::perms::others_write, fs::perm_options::remove);
  ASSERT_EQ(::chown(scratch.path("elsewhere").c_str(), 65534, 65534), 0);
  EXPECT_THROW(SnapshotStore(scratch.path("elsewhere")).begin(job_of(1)), EnvironmentError);
}

TEST(SnapshotStore, RemovesWhatAKilledMpirunLeft) {
  const ScratchDirectory scratch;
  {
    SnapshotStore killed(scratch.path("s"));
    take(killed);
    killed.begin(job_of(1));  // and no more
  }
  ASSERT_TRUE(fs::exists(scratch.path("s/1")));
  SnapshotStore store(scratch.path("s"));
  store.open();
  store.remove_leftovers();
  EXPECT_FALSE(fs::exists(scratch.path("s/1")));
  EXPECT_TRUE(fs::exists(scratch.path("s/0")));
}

// An mpirun that was killed in its first checkpoint.
void begin_and_die(const std::string& directory) {
  test::in_killed_process([&] { SnapshotStore(directory).begin(job_of(1)); });
}

void note(const std::string& directory, const ProcessMark& mark) {
  std::ofstream(directory + "/" + kOwnerFile) << mark.to_lines();
}

TEST(SnapshotStore, RemovesWhatOtherMpirunsLeftThatNeverHadASnapshot) {
  const ScratchDirectory scratch;
  SnapshotStore running(scratch.path("ompi_global_snapshot_1.ckpt"));
  running.begin(job_of(1));
  begin_and_die(scratch.path("ompi_global_snapshot_2.ckpt"));
  test::in_killed_process([&] {
    SnapshotStore ended(scratch.path("ompi_global_snapshot_3.ckpt"));
    take(ended);
  });
  SnapshotStore store(scratch.path("ompi_global_snapshot_4.ckpt"));
  take(store);
  EXPECT_TRUE(fs::exists(scratch.path("ompi_global_snapshot_1.ckpt/0")));
  EXPECT_FALSE(fs::exists(scratch.path("ompi_global_snapshot_2.ckpt")));
  EXPECT_TRUE(fs::exists(scratch.path("ompi_global_snapshot_3.ckpt/0")));
}

// Their locks cannot be seen from here on every file system.
TEST(SnapshotStore, LeavesWhatMpirunsOfOtherMachinesAreMaking) {
  const ScratchDirectory scratch;
  const std::string elsewhere = scratch.path(snapshot_name(1));
  begin_and_die(elsewhere);
  ProcessMark mark = ProcessMark::of_self();
  mark.machine += "-other";
  mark.pid = 1;
  note(elsewhere, mark);
  SnapshotStore store(scratch.path(snapshot_name(2)));
  take(store);
  EXPECT_TRUE(fs::exists(elsewhere + "/0"));
  remove_abandoned(elsewhere);
  EXPECT_TRUE(fs::exists(elsewhere + "/0"));
}

TEST(SnapshotStore, LeavesWhatAnotherMpirunHasOnlyJustMade) {
  const ScratchDirectory scratch;
  fs::create_directory(scratch.path(snapshot_name(1)));
  SnapshotStore store(scratch.path(snapshot_name(2)));
  take(store);
  EXPECT_TRUE(fs::exists(scratch.path(snapshot_name(1))));
}

TEST(SnapshotStore, ADirectoryThatItsUserHasRemovedIsMadeAgain) {
  const ScratchDirectory scratch;
  SnapshotStore store(scratch.path("s"));
  take(store);
  fs::remove_all(scratch.path("s"));
  EXPECT_EQ(take(store), 1u);
  EXPECT_EQ(load(scratch.path("s")).sequences.size(), 1u);
  EXPECT_THROW(SnapshotStore(scratch.path("s")).open(), TemporaryError);
}

TEST(SnapshotStore, KeepsTheNewest) {
  const ScratchDirectory scratch;
  SnapshotStore store(scratch.path("s"));
  for (int i = 0; i < 5; ++i) take(store);
  EXPECT_EQ(store.prune(2), 3u);
  const Manifest m = load(scratch.path("s"));
  EXPECT_EQ(m.sequences.size(), 2u);
  EXPECT_EQ(m.sequences.begin()->first, 3u);
  EXPECT_FALSE(fs::exists(store.path(2)));
  EXPECT_TRUE(fs::exists(store.path(4)));
}

TEST(SnapshotStore, RemovingTheLastSequenceRemovesTheSnapshot) {
  const ScratchDirectory scratch;
  SnapshotStore store(scratch.path("s"));
  store.remove(take(store));
  EXPECT_FALSE(fs::exists(scratch.path("s")));
}

TEST(SnapshotStore, IsRefusedWhileAnotherHasIt) {
  const ScratchDirectory scratch;
  SnapshotStore store(scratch.path("s"));
  take(store);
  SnapshotStore other(scratch.path("s"));
  EXPECT_THROW(other.open(), TemporaryError);
}

TEST(SnapshotStore, GoesOnAfterAnEarlierMpirunOfTheSameNumber) {
  const ScratchDirectory scratch;
  {
    SnapshotStore earlier(scratch.path("s"));
    take(earlier);
  }
  SnapshotStore store(scratch.path("s"));
  EXPECT_EQ(take(store), 1u);
  EXPECT_EQ(load(scratch.path("s")).sequences.size(), 2u);
}

TEST(SnapshotStore, SaysWhatCannotBeCreated) {
  SnapshotStore store("/proc/nothing-can-be-made-here");
  EXPECT_THROW(store.begin(job_of(1)), EnvironmentError);
}

TEST(SnapshotStore, WhatAKilledMpirunBeganIsRemovedAndItsSequencesStay) {
  const ScratchDirectory scratch;
  const std::string whole = scratch.path(snapshot_name(1)), begun = scratch.path(snapshot_name(2));
  test::in_killed_process([&] {
    SnapshotStore killed(whole), early(begun);
    take(killed);
    killed.begin(job_of(1));
    early.begin(job_of(1));
    remove_abandoned(whole);  // they are not killed yet
    remove_abandoned(begun);
    if (!fs::exists(whole + "/1") || !fs::exists(begun + "/0")) ::_exit(1);
  });
  remove_abandoned(whole);
  remove_abandoned(begun);
  EXPECT_TRUE(fs::exists(whole + "/0/rank_0.ctx"));
  EXPECT_FALSE(fs::exists(whole + "/1"));
  EXPECT_FALSE(fs::exists(begun));
}

// Of versions before, which leave no note: whoever calls this knows that their mpirun is gone.
TEST(SnapshotStore, AnAbandonedSnapshotWithoutANoteIsRemoved) {
  const ScratchDirectory scratch;
  fs::create_directories(scratch.path(snapshot_name(1)) + "/0");
  remove_abandoned(scratch.path(snapshot_name(1)));
  EXPECT_FALSE(fs::exists(scratch.path(snapshot_name(1))));
}

TEST(SnapshotStore, AnAbandonedSnapshotBehindASymbolicLinkStays) {
  const ScratchDirectory scratch;
  fs::create_directories(scratch.path("elsewhere/0"));
  fs::create_directory_symlink(scratch.path("elsewhere"), scratch.path(snapshot_name(1)));
  remove_abandoned(scratch.path(snapshot_name(1)));
  EXPECT_TRUE(fs::exists(scratch.path("elsewhere/0")));
}

TEST(SnapshotStore, TrialDirectoriesThatWereLeftAreRemoved) {
  const ScratchDirectory scratch;
  const std::string trial = ".ompi_global_snapshot_trial_abcdef", full = ".ompi_global_snapshot_trial_ghijkl";
  fs::create_directory(scratch.path(trial));
  fs::create_directories(scratch.path(full) + "/mine");
  SnapshotStore store(scratch.path(snapshot_name(1)));
  take(store);
  EXPECT_FALSE(fs::exists(scratch.path(trial)));
  EXPECT_TRUE(fs::exists(scratch.path(full) + "/mine"));
}

}  // namespace
}  // namespace cairn::manifest
