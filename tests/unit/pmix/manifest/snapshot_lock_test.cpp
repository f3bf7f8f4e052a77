// SPDX-License-Identifier: Apache-2.0
#include "pmix/manifest/snapshot_lock.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <fstream>

#include "core/base/error.hpp"
#include "pmix/manifest/snapshot_store.hpp"
#include "tests/unit/pmix/manifest/support.hpp"

namespace cairn::manifest {
namespace {

namespace fs = std::filesystem;
using test::ScratchDirectory;
using Found = SnapshotLock::Found;

UniqueFd open_directory(const std::string& path) {
  return UniqueFd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

// What other machines see of it, if the file system has record locks: not that the directory is locked.
UniqueFd lock_as_elsewhere(const std::string& directory) {
  UniqueFd file(::open((directory + "/" + kOwnerFile).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  struct flock whole {};
  whole.l_type = F_WRLCK;
  if (::fcntl(file.get(), F_OFD_SETLK, &whole) != 0) file.reset();
  return file;
}

TEST(SnapshotLock, OfAnotherMachineIsSeen) {
  const ScratchDirectory scratch;
  const UniqueFd other = lock_as_elsewhere(scratch.path());
  ASSERT_TRUE(other);
  SnapshotLock lock;
  EXPECT_EQ(lock.take(open_directory(scratch.path())), Found::in_use);
  SnapshotStore store(scratch.path());
  EXPECT_THROW(store.open(), TemporaryError);
}

TEST(SnapshotLock, OfAVersionThatLocksTheDirectoryIsSeen) {
  const ScratchDirectory scratch;
  const UniqueFd other = open_directory(scratch.path());
  ASSERT_EQ(::flock(other.get(), LOCK_EX), 0);
  SnapshotLock lock;
  EXPECT_EQ(lock.take(open_directory(scratch.path())), Found::in_use);
}

TEST(SnapshotLock, EndsWithItsObjectAndWithItsProcess) {
  const ScratchDirectory scratch;
  test::in_killed_process([&] {
    SnapshotLock killed;
    if (killed.take(open_directory(scratch.path())) != Found::free) ::_exit(1);
    killed.note_owner();
    ::_exit(0);
  });
  { EXPECT_EQ(SnapshotLock().take(open_directory(scratch.path())), Found::free); }
  SnapshotLock lock;
  EXPECT_EQ(lock.take(open_directory(scratch.path())), Found::free);
  EXPECT_TRUE(lock.alone());
  const auto owner = owner_of(lock.directory());
  ASSERT_TRUE(owner);
  EXPECT_TRUE(owner->is_gone());
}

TEST(SnapshotLock, OfADirectoryThatWasRemovedMeanwhileIsNone) {
  const ScratchDirectory scratch;
  fs::create_directory(scratch.path("s"));
  UniqueFd directory = open_directory(scratch.path("s"));
  fs::remove(scratch.path("s"));
  SnapshotLock lock;
  EXPECT_EQ(lock.take(std::move(directory)), Found::removed);
}

TEST(SnapshotLock, ANoteThatIsCutOffSaysNothing) {
  const ScratchDirectory scratch;
  const std::string lines = ProcessMark::of_self().to_lines();
  const UniqueFd directory = open_directory(scratch.path());
  for (std::size_t n = 0; n < lines.size(); ++n) {
    std::ofstream(scratch.path(kOwnerFile), std::ios::binary) << lines.substr(0, n);
    EXPECT_FALSE(owner_of(directory.get())) << n;
  }
  std::ofstream(scratch.path(kOwnerFile), std::ios::binary) << lines;
  const auto owner = owner_of(directory.get());
  ASSERT_TRUE(owner);
  EXPECT_FALSE(owner->is_gone());
}

}  // namespace
}  // namespace cairn::manifest
