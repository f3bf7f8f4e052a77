// SPDX-License-Identifier: Apache-2.0
// A disk that fails when a directory is to be written: fsync() of this program, below, says so. What is found
// afterwards is what there was before.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "core/base/error.hpp"
#include "pmix/manifest/snapshot_store.hpp"
#include "tests/unit/pmix/manifest/support.hpp"

namespace {
bool directories_fail = false;
}

extern "C" int fsync(int fd) {
  struct stat st {};
  if (directories_fail && ::fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
    errno = EIO;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_fsync, fd));
}

namespace cairn::manifest {
namespace {

namespace fs = std::filesystem;
using test::ScratchDirectory;
using test::sequence_of;

class FailingDirectories {
 public:
  FailingDirectories() { directories_fail = true; }
  ~FailingDirectories() { directories_fail = false; }
  FailingDirectories(const FailingDirectories&) = delete;
  FailingDirectories& operator=(const FailingDirectories&) = delete;
};

std::uint64_t begin(SnapshotStore& store) {
  Job job;
  job.ranks = 1;
  const std::uint64_t n = store.begin(job);
  std::ofstream(store.path(n) + "/rank_0.ctx") << "image";
  return n;
}

void fail(SnapshotStore& store) {
  const FailingDirectories failing;
  const std::uint64_t n = begin(store);
  EXPECT_THROW(store.commit(n, sequence_of(1, n)), EnvironmentError);
  store.discard(n);
}

TEST(Durability, AFirstCheckpointThatFailedLeavesNoManifest) {
  const ScratchDirectory scratch;
  SnapshotStore store(scratch.path("s"));
  fail(store);
  EXPECT_FALSE(fs::exists(scratch.path("s")));
}

TEST(Durability, ALaterOneLeavesTheManifestThatThereWas) {
  const ScratchDirectory scratch;
  SnapshotStore store(scratch.path("s"));
  store.commit(begin(store), sequence_of(1, 0));
  fail(store);
  const Manifest found = load(scratch.path("s"));
  ASSERT_EQ(found.sequences.size(), 1u);
  EXPECT_TRUE(fs::exists(store.path(0) + "/rank_0.ctx"));
  EXPECT_FALSE(fs::exists(store.path(1)));
  for (const char* name : {kNewFile, kOldFile}) EXPECT_FALSE(fs::exists(scratch.path("s") + "/" + name));
  EXPECT_EQ(begin(store), 1u);
}

TEST(Durability, ASequenceThatCouldNotBeRemovedIsThere) {
  const ScratchDirectory scratch;
  SnapshotStore store(scratch.path("s"));
  for (std::uint64_t n = 0; n < 2; ++n) store.commit(begin(store), sequence_of(1, n));
  {
    const FailingDirectories failing;
    EXPECT_THROW(store.remove(0), EnvironmentError);
  }
  EXPECT_EQ(load(scratch.path("s")).sequences.size(), 2u);
  EXPECT_TRUE(fs::exists(store.path(0) + "/rank_0.ctx"));
  store.remove(0);
  EXPECT_EQ(load(scratch.path("s")).sequences.size(), 1u);
  EXPECT_FALSE(fs::exists(store.path(0)));
}

}  // namespace
}  // namespace cairn::manifest
