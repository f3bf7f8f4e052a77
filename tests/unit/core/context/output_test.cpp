// SPDX-License-Identifier: Apache-2.0
// A context file has its name only when it is whole; whatever goes wrong before leaves nothing behind.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "core/base/error.hpp"
#include "core/context/reader.hpp"
#include "core/context/writer.hpp"
#include "tests/unit/core/context/support.hpp"

namespace cairn::context {
namespace {

using namespace cairn::test;
using ::testing::HasSubstr;

constexpr std::uint64_t kBase = 0x110000000000;

class ContextOutput : public ::testing::Test {
 protected:
  WriterOptions options(const std::string& name = "image.ctx") {
    WriterOptions o;
    o.path = directory_ / name;
    return o;
  }
  // Writes `pages` random pages; the error's message, or "" if all went well.
  std::string write(const WriterOptions& o, std::uint64_t pages) {
    ArenaMemory memory(kBase, pages);
    memory.fill(0, pages, 1);
    try {
      auto writer = Writer::create(o);
      const auto a = writer->add_area(memory.area());
      Lane lane = writer->open_lane();
      lane.append(a, memory.address(), pages);
      lane.flush();
      lane.throw_if_failed();
      writer->finish();
      return {};
    } catch (const EnvironmentError& e) {
      return e.what();
    }
  }
  TemporaryDirectory directory_;
};

TEST_F(ContextOutput, HasItsNameOnlyWhenFinished) {
  auto writer = Writer::create(options());
  EXPECT_FALSE(std::filesystem::exists(directory_ / "image.ctx"));
  EXPECT_EQ(directory_.entries(), 1u);
  writer->finish();
  EXPECT_TRUE(std::filesystem::exists(directory_ / "image.ctx"));
  EXPECT_EQ(directory_.entries(), 1u);
}

TEST_F(ContextOutput, AbandonedLeavesNothing) {
  auto writer = Writer::create(options());
  writer->abandon();
  EXPECT_EQ(directory_.entries(), 0u);
  Writer::create(options()).reset();
  EXPECT_EQ(directory_.entries(), 0u);
}

TEST_F(ContextOutput, ReplacesNothing) {
  write_file(directory_ / "image.ctx", {1, 2, 3});
  EXPECT_THROW(Writer::create(options()), EnvironmentError);
  EXPECT_EQ(read_file(directory_ / "image.ctx"), (Bytes{1, 2, 3}));
  std::filesystem::remove(directory_ / "image.ctx");
  auto writer = Writer::create(options());
  write_file(directory_ / "image.ctx", {4});  // somebody was faster
  EXPECT_THROW(writer->finish(), EnvironmentError);
  writer.reset();
  EXPECT_EQ(read_file(directory_ / "image.ctx"), (Bytes{4}));
  EXPECT_EQ(directory_.entries(), 1u);
}

TEST_F(ContextOutput, NamesWhatIsMissing) {
  EXPECT_THAT(write(options("nowhere/image.ctx"), 1), HasSubstr("No such file or directory"));
}

TEST_F(ContextOutput, FullDevice) {
  WriterOptions o;
  o.path = "/dev/full";
  EXPECT_THAT(write(o, 10), HasSubstr("No space left on device"));
}

TEST_F(ContextOutput, FileSizeLimit) {
  rlimit before;
  getrlimit(RLIMIT_FSIZE, &before);
  for (const auto direct : {WriterOptions::Direct::automatic, WriterOptions::Direct::no}) {
    const rlimit limit{1 << 20, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
    WriterOptions o = options();
    o.direct = direct;
    EXPECT_THAT(write(o, 3000), HasSubstr("File too large"));
    setrlimit(RLIMIT_FSIZE, &before);
    EXPECT_EQ(directory_.entries(), 0u);
    sigset_t pending;
    sigpending(&pending);
    EXPECT_FALSE(sigismember(&pending, SIGXFSZ));
  }
}

TEST_F(ContextOutput, FullFileSystem) {
  const std::string point = directory_ / "small";
  std::filesystem::create_directory(point);
  if (mount("none", point.c_str(), "tmpfs", 0, "size=2m") != 0) GTEST_SKIP() << "needs the right to mount";
  const struct Unmount {
    std::string point;
    ~Unmount() { umount2(point.c_str(), MNT_DETACH); }
  } unmount{point};
  EXPECT_THAT(write(options("small/image.ctx"), 3000), HasSubstr("No space left on device"));
  EXPECT_TRUE(std::filesystem::is_empty(point));
  EXPECT_EQ(write(options("small/image.ctx"), 100), "");
  Reader::open(point + "/image.ctx").verify_all();
}

TEST_F(ContextOutput, ClosedPipe) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  close(ends[0]);
  WriterOptions o;
  o.fd = ends[1];
  EXPECT_THAT(write(o, 10), HasSubstr("Broken pipe"));
  close(ends[1]);
}

TEST_F(ContextOutput, DirectAndBufferedFilesAreAlike) {
  WriterOptions direct = options("direct.ctx"), buffered = options("buffered.ctx");
  buffered.direct = WriterOptions::Direct::no;
  EXPECT_EQ(write(direct, 3000), "");
  EXPECT_EQ(write(buffered, 3000), "");
  EXPECT_EQ(std::filesystem::file_size(direct.path), std::filesystem::file_size(buffered.path));
  Reader::open(direct.path).verify_all();
  Reader::open(buffered.path).verify_all();
}

TEST_F(ContextOutput, DescriptorsStayAboveTheBase) {
  WriterOptions o = options();
  o.fd_base = 500;
  const int before = dup(0);
  close(before);
  auto writer = Writer::create(o);
  Lane lane = writer->open_lane();
  const int now = dup(0);
  close(now);
  EXPECT_EQ(before, now);
  for (const int fd : writer->descriptors()) EXPECT_GE(fd, 500);
}

}  // namespace
}  // namespace cairn::context
