// SPDX-License-Identifier: Apache-2.0
// What processes have in common, as /proc and kcmp(2) tell it.
#include "core/group/sharing.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "core/base/error.hpp"
#include "core/base/unique_fd.hpp"
#include "core/group/sharing_message.hpp"

namespace cairn::group {
namespace {

using state::GroupSharing;
using state::MemberFile;
using testing::HasSubstr;

// A copy of this process that waits, without the descriptor `closed`.
class Copy {
 public:
  explicit Copy(int closed = -1) : pid_(fork()) {
    if (pid_ != 0) return;
    if (closed >= 0) close(closed);
    kill(getpid(), SIGSTOP);
    _exit(0);
  }
  ~Copy() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;
  pid_t pid() const {
    waitpid(pid_, nullptr, WUNTRACED);
    return pid_;
  }

 private:
  const pid_t pid_;
};

struct Pipe {
  Pipe() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    reading.reset(ends[0]);
    writing.reset(ends[1]);
  }
  UniqueFd reading, writing;
};

const MemberFile* entry_of(const GroupSharing& sharing, int fd) {
  struct stat status {};
  EXPECT_EQ(fstat(fd, &status), 0);
  return sharing.file(status.st_dev, status.st_ino);
}

TEST(Sharing, ADescriptionIsSavedByTheFirstThatHasIt) {
  const UniqueFd counter(eventfd(0, EFD_CLOEXEC)), other(eventfd(0, EFD_CLOEXEC));
  const Copy copy(other.get());
  const pid_t pid = copy.pid();
  const GroupSharing sharing = find_sharing({getpid(), pid}, {});
  const auto of_copy = sharing.saved_by_others(pid);
  ASSERT_TRUE(of_copy.contains(counter.get()));
  EXPECT_EQ(of_copy.at(counter.get()).pid, getpid());
  EXPECT_EQ(of_copy.at(counter.get()).number, counter.get());
  EXPECT_FALSE(of_copy.contains(other.get()));
  EXPECT_TRUE(sharing.saved_by_others(getpid()).empty());
  EXPECT_TRUE(sharing.concerns(pid));
}

TEST(Sharing, ThePipeIsSavedByOneThatReadsIt) {
  Pipe pipe;
  const Copy copy(pipe.writing.get());
  const pid_t pid = copy.pid();
  const int reading = pipe.reading.get();
  struct stat status {};
  ASSERT_EQ(fstat(reading, &status), 0);
  pipe.reading.reset();
  const GroupSharing sharing = find_sharing({getpid(), pid}, {});
  const MemberFile* file = entry_of(sharing, pipe.writing.get());
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(file->owner, pid);
  EXPECT_TRUE(file->reads && file->writes && !file->nameless);
  EXPECT_EQ(file->outside, "");
}

TEST(Sharing, WhoIsNoMemberIsNamed) {
  Pipe pipe;
  void* const memory = reinterpret_cast<void*>(0x10000000000);  // where a guest has its own
  const int flags = MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
  ASSERT_EQ(mmap(memory, 8192, PROT_READ | PROT_WRITE, flags, -1, 0), memory);
  const Copy outside;
  const std::string name = "process " + std::to_string(outside.pid());
  const GroupSharing sharing = find_sharing({getpid()}, {});
  EXPECT_THAT(entry_of(sharing, pipe.reading.get())->outside, HasSubstr(name));
  ASSERT_FALSE(sharing.memory.empty());
  EXPECT_TRUE(std::any_of(sharing.memory.begin(), sharing.memory.end(), [&](const auto& shown) {
    return shown.ranges.front().length == 8192 && shown.outside.starts_with(name);
  }));
  munmap(memory, 8192);
}

TEST(Sharing, WhatTheLeaderWasStartedWithIsLeftOut) {
  Pipe pipe;
  struct stat status {};
  ASSERT_EQ(fstat(pipe.reading.get(), &status), 0);
  state::StandardFiles standard{};
  standard[0] = {status.st_dev, status.st_ino};
  const Copy copy;
  const pid_t pid = copy.pid();
  const GroupSharing sharing = find_sharing({getpid(), pid}, standard);
  EXPECT_EQ(entry_of(sharing, pipe.reading.get()), nullptr);
  EXPECT_FALSE(sharing.saved_by_others(pid).contains(pipe.reading.get()));
}

TEST(Sharing, AMemberReadsWhatItsLeaderWrites) {
  GroupSharing sharing;
  sharing.descriptions.push_back({{{10, 3}, {11, 4}}});
  sharing.files.push_back({1, 2, 10, true, false, true, "process 5 (x)"});
  sharing.memory.push_back({3, 4, {{11, 4096, 8192}}, ""});
  const UniqueFd fd = write_sharing(sharing);
  const GroupSharing read = read_sharing(fd.get());
  EXPECT_EQ(read.saved_by_others(11).at(4).pid, 10);
  EXPECT_EQ(read.file(1, 2)->outside, "process 5 (x)");
  EXPECT_EQ(read.nameless(9, 2, true), read.file(1, 2));
  EXPECT_EQ(read.nameless(9, 2, false), nullptr);
  EXPECT_EQ(read.memory_of(3, 4)->ranges.front().length, 8192u);
}

TEST(Sharing, AMessageThatIsNoneIsRefused) {
  const UniqueFd fd(memfd_create("test", MFD_CLOEXEC));
  ASSERT_EQ(write(fd.get(), "nonsense", 8), 8);
  EXPECT_THROW(read_sharing(fd.get()), Error);
}

}  // namespace
}  // namespace cairn::group
