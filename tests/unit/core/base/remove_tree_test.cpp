// SPDX-License-Identifier: Apache-2.0
#include "core/base/remove_tree.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/base/unique_fd.hpp"
#include "tests/unit/scratch_directory.hpp"

namespace cairn {
namespace {

namespace fs = std::filesystem;

class RemoveTree : public testing::Test {
 protected:
  void SetUp() override {
    parent_.reset(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    fs::create_directories(root_ / "gone/below");
    std::ofstream(root_ / "gone/below/file") << "text";
    fs::create_directory(root_ / "elsewhere");
    std::ofstream(root_ / "elsewhere/file") << "text";
  }
  const test::ScratchDirectory scratch_;
  const fs::path root_ = scratch_.path();
  UniqueFd parent_;
};

TEST_F(RemoveTree, TakesAllThatIsBelow) {
  EXPECT_TRUE(remove_tree(parent_.get(), "gone"));
  EXPECT_FALSE(fs::exists(root_ / "gone"));
  EXPECT_TRUE(remove_tree(parent_.get(), "gone"));
}

TEST_F(RemoveTree, FollowsNoSymbolicLink) {
  fs::create_directory_symlink(root_ / "elsewhere", root_ / "link");
  fs::create_directory_symlink(root_ / "elsewhere", root_ / "gone/below/link");
  EXPECT_TRUE(remove_tree(parent_.get(), "link"));
  EXPECT_TRUE(remove_tree(parent_.get(), "gone"));
  EXPECT_FALSE(fs::is_symlink(root_ / "link"));
  EXPECT_TRUE(fs::exists(root_ / "elsewhere/file"));
}

TEST_F(RemoveTree, LeavesWhatBelongsToAnother) {
  if (::geteuid() != 0) GTEST_SKIP() << "wants to give a file away";
  const fs::path file = root_ / "gone/below/file";
  ASSERT_EQ(::chown(file.c_str(), 65534, 65534), 0);
  std::ofstream(root_ / "gone/mine") << "text";
  EXPECT_FALSE(remove_tree(parent_.get(), "gone"));
  EXPECT_TRUE(fs::exists(file));
  EXPECT_FALSE(fs::exists(root_ / "gone/mine"));
}

}  // namespace
}  // namespace cairn
