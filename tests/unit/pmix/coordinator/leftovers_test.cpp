// SPDX-License-Identifier: Apache-2.0
// Whose directories are removed, and whose are not. Processes are real ones: this one, a child that has ended, init.
#include "pmix/coordinator/leftovers.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "pmix/transport/record_fields.hpp"
#include "tests/unit/scratch_directory.hpp"

namespace cairn::pmix {
namespace {

namespace fs = std::filesystem;

// Runs it in a process of its own, which has ended afterwards.
pid_t ended_process(const std::function<void()>& work) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    work();
    ::_exit(0);
  }
  ::waitpid(pid, nullptr, 0);
  return pid;
}

template <class Note>
void put(const fs::path& directory, const Note& note) {
  std::ofstream(directory / Note::type, std::ios::binary) << to_record(note).encode();
}

class Leftovers : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(::mkdir(user_.c_str(), 0700), 0); }

  // A runtime directory without notes.
  fs::path make(pid_t pid) const {
    fs::path path = user_ / std::to_string(pid);
    fs::create_directory(path);
    std::ofstream(path / "cookie") << "text";
    return path;
  }
  // One that a process which has ended has made, with its notes.
  fs::path make_dead() const {
    const pid_t pid = ended_process([this] {
      const fs::path path = make(::getpid());
      write_owner(path, root_ / "ompi_global_snapshot_1.ckpt");
      ::setenv("TMPDIR", root_.c_str(), 1);
      write_job(path);
    });
    return user_ / std::to_string(pid);
  }
  void clean() const { remove_leftovers(user_); }

  const test::ScratchDirectory scratch_;
  const fs::path root_ = scratch_.path(), user_ = root_ / "user";
};

TEST_F(Leftovers, OfAProcessThatIsGoneAreRemoved) {
  const fs::path path = make_dead();
  ASSERT_TRUE(fs::exists(path / "owner"));
  clean();
  EXPECT_FALSE(fs::exists(path));
}

// Nobody knows yet whose it is.
TEST_F(Leftovers, ThatAreBeingMadeStayForAnHour) {
  const fs::path young = user_ / "900000001.new-abcdef", old = user_ / "900000002.new-abcdef";
  for (const fs::path& path : {young, old}) fs::create_directory(path);
  fs::last_write_time(old, fs::file_time_type::clock::now() - std::chrono::hours(2));
  clean();
  EXPECT_TRUE(fs::exists(young));
  EXPECT_FALSE(fs::exists(old));
}

TEST_F(Leftovers, OfALivingProcessStay) {
  const fs::path path = make(::getpid());
  write_owner(path, "");
  clean();
  EXPECT_TRUE(fs::exists(path / "cookie"));
}

TEST_F(Leftovers, OfAProcessWhoseNumberIsUsedAgainAreRemoved) {
  const fs::path path = make(::getppid());
  ProcessMark mark = ProcessMark::of_self();
  mark.pid = static_cast<std::uint64_t>(::getppid());
  mark.start = 1;
  put(path, Owner{mark, ""});
  clean();
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(Leftovers, OfAnEarlierStartOfThisMachineAreRemoved) {
  const fs::path path = make(::getpid());
  ProcessMark mark = ProcessMark::of_self();
  if (mark.id.empty()) GTEST_SKIP() << "this machine has no /etc/machine-id";
  mark.boot = "00000000-0000-0000-0000-000000000000";
  put(path, Owner{mark, ""});
  clean();
  EXPECT_FALSE(fs::exists(path));
}

// "localhost", copies of a virtual machine, containers: what looks like an earlier start may be another machine.
TEST_F(Leftovers, OfAnotherMachineOfTheSameNameStay) {
  const fs::path other = make(900000001), unknown = make(900000002), contained = make(900000003);
  ProcessMark mark = ProcessMark::of_self();
  mark.boot = "00000000-0000-0000-0000-000000000000";
  mark.pid = 900000001;
  mark.id = "0123456789abcdef0123456789abcdef";
  put(other, Owner{mark, ""});
  mark.pid = 900000002;
  mark.id.clear();
  put(unknown, Owner{mark, ""});
  mark = ProcessMark::of_self();
  mark.boot = "00000000-0000-0000-0000-000000000000";
  mark.pid = 900000003;
  mark.numbers += 1;
  put(contained, Owner{mark, ""});
  clean();
  for (const fs::path& path : {other, unknown, contained}) EXPECT_TRUE(fs::exists(path / "cookie")) << path;
}

// A directory that several machines or containers share: the number means nothing here.
TEST_F(Leftovers, OfAnotherMachineOrContainerStay) {
  const fs::path elsewhere = make(900000001), contained = make(900000002);
  ProcessMark mark = ProcessMark::of_self();
  mark.machine += "-other";
  mark.pid = 900000001;
  put(elsewhere, Owner{mark, ""});
  mark = ProcessMark::of_self();
  mark.numbers += 1;
  mark.pid = 900000002;
  put(contained, Owner{mark, ""});
  clean();
  EXPECT_TRUE(fs::exists(elsewhere / "cookie"));
  EXPECT_TRUE(fs::exists(contained / "cookie"));
}

TEST_F(Leftovers, OfVersionsWithoutNotesAreJudgedByTheirNumber) {
  const fs::path dead = make(ended_process([] {})), living = make(::getpid());
  clean();
  EXPECT_FALSE(fs::exists(dead));
  EXPECT_TRUE(fs::exists(living / "cookie"));
}

TEST_F(Leftovers, StayWhileTheRealMpirunEnds) {
  const fs::path path = make_dead();
  RealJob job{ProcessMark::of_self(), root_};
  put(path, job);
  clean();
  EXPECT_TRUE(fs::exists(path / "cookie"));
}

TEST_F(Leftovers, WithANoteThatMakesNoSenseStay) {
  const fs::path path = make_dead();
  std::ofstream(path / "owner", std::ios::binary) << "text";
  clean();
  EXPECT_TRUE(fs::exists(path / "cookie"));
}

TEST_F(Leftovers, WithANoteThatNeverCameToTheDiskAreJudgedByTheirNumber) {
  const fs::path dead = make_dead(), living = make(::getpid());
  fs::resize_file(dead / "owner", 0);
  std::ofstream(living / "owner") << "";
  clean();
  EXPECT_FALSE(fs::exists(dead));
  EXPECT_TRUE(fs::exists(living / "cookie"));
}

TEST_F(Leftovers, BehindASymbolicLinkStay) {
  const fs::path path = make_dead(), moved = root_ / "moved";
  fs::rename(path, moved);
  fs::create_directory_symlink(moved, path);
  clean();
  EXPECT_TRUE(fs::exists(moved / "cookie"));
  fs::rename(user_, root_ / "user-moved");
  fs::create_directory_symlink(root_ / "user-moved", user_);
  fs::remove(user_ / path.filename());
  fs::rename(moved, path);
  clean();
  EXPECT_TRUE(fs::exists(path / "cookie"));
}

TEST_F(Leftovers, OfAnotherUserStay) {
  if (::geteuid() != 0) GTEST_SKIP() << "wants to give a directory away";
  const fs::path path = make_dead();
  ASSERT_EQ(::chown(path.c_str(), 65534, 65534), 0);
  clean();
  EXPECT_TRUE(fs::exists(path / "cookie"));
}

TEST_F(Leftovers, AnUnfinishedSnapshotOfTheProcessGoesWithThem) {
  fs::create_directories(root_ / "ompi_global_snapshot_1.ckpt/0");
  fs::create_directories(root_ / "ompi_global_snapshot_2.ckpt/0");
  fs::create_directory(root_ / ".ompi_global_snapshot_trial_abcdef");
  make_dead();
  clean();
  EXPECT_FALSE(fs::exists(root_ / "ompi_global_snapshot_1.ckpt"));
  EXPECT_TRUE(fs::exists(root_ / "ompi_global_snapshot_2.ckpt"));
  EXPECT_FALSE(fs::exists(root_ / ".ompi_global_snapshot_trial_abcdef"));
}

TEST_F(Leftovers, TheSessionDirectoryOfTheRealMpirunGoesWithThem) {
  const fs::path path = make_dead();
  const fs::path top = root_ / ("ompi." + ProcessMark::of_self().machine + "." + std::to_string(::geteuid()));
  const fs::path session = top / ("pid." + path.filename().string()), other = top / "pid.1";
  fs::create_directories(session / "0/0");
  fs::create_directories(other);
  clean();
  EXPECT_FALSE(fs::exists(session));
  EXPECT_TRUE(fs::exists(other));
}

}  // namespace
}  // namespace cairn::pmix
