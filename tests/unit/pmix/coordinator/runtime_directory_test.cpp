// SPDX-License-Identifier: Apache-2.0
// Where tools find an mpirun, with others at work in the same place.
#include "pmix/coordinator/runtime_directory.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <future>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "tests/unit/scratch_directory.hpp"

namespace cairn::pmix {
namespace {

namespace fs = std::filesystem;

class Base : public testing::Test {
 protected:
  void SetUp() override { ::setenv("CAIRN_RUNTIME_DIR", base_.c_str(), 1); }
  void TearDown() override { ::unsetenv("CAIRN_RUNTIME_DIR"); }
  const test::ScratchDirectory scratch_;
  const std::string base_ = scratch_.path();
};

// The one that ends removes the directory of the user which the other is about to use.
TEST_F(Base, JobsThatBeginAndEndAtATimeDoNotDisturbEachOther) {
  std::vector<pid_t> jobs;
  for (int i = 0; i < 4; ++i) {
    jobs.push_back(::fork());
    if (jobs.back() != 0) continue;
    try {
      for (int n = 0; n < 100; ++n) {
        RuntimeDirectory runtime("");
        runtime.publish();
      }
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
      ::_exit(1);
    }
    ::_exit(0);
  }
  for (const pid_t job : jobs) {
    int status = -1;
    ::waitpid(job, &status, 0);
    EXPECT_EQ(status, 0);
  }
}

// Where this process's number means nothing, a directory that does not say whose it is could be removed.
TEST_F(Base, ItHasItsNameOnlyWhenItSaysWhoseItIs) {
  const std::string user = base_ + "/cairn-" + std::to_string(::geteuid()), name = std::to_string(::getpid());
  ASSERT_EQ(::mkdir(user.c_str(), 0700), 0);
  const int watch = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  ASSERT_GE(::inotify_add_watch(watch, user.c_str(), IN_CREATE | IN_MOVED_TO), 0);
  const RuntimeDirectory runtime("");
  alignas(inotify_event) char buffer[8192];
  const ssize_t n = ::read(watch, buffer, sizeof buffer);
  bool moved = false;
  for (ssize_t at = 0; at < n;) {
    const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
    at += static_cast<ssize_t>(sizeof *event + event->len);
    if (event->name != name) continue;
    EXPECT_NE(event->mask & IN_MOVED_TO, 0U);  // whole
    moved = true;
  }
  EXPECT_TRUE(moved);
  EXPECT_TRUE(fs::exists(runtime.path() + "/owner"));
  ::close(watch);
}

// A umask that takes rights from the user himself must not leave behind what no later job can use.
TEST_F(Base, ItsModesAreThoseThatAreSaidWhateverTheUmask) {
  const std::string user = base_ + "/cairn-" + std::to_string(::geteuid());
  const auto mode_of = [](const std::string& path) {
    struct stat st {};
    return ::lstat(path.c_str(), &st) == 0 ? st.st_mode & 0777 : 0;
  };
  const mode_t before = ::umask(0777);
  {
    RuntimeDirectory runtime("");
    runtime.publish();
    ::umask(before);
    EXPECT_EQ(mode_of(user), 0700U);
    EXPECT_EQ(mode_of(runtime.path()), 0700U);
    EXPECT_EQ(mode_of(runtime.path() + "/cookie"), 0600U);
    EXPECT_EQ(mode_of(runtime.path() + "/owner"), 0600U);
  }
  EXPECT_FALSE(fs::exists(user));
}

TEST_F(Base, OneThatAUmaskHasMadeUnusableIsMended) {
  const std::string user = base_ + "/cairn-" + std::to_string(::geteuid());
  ASSERT_EQ(::mkdir(user.c_str(), 0500), 0);
  const RuntimeDirectory runtime("");
  EXPECT_EQ(fs::status(user).permissions(), fs::perms::owner_all);
}

TEST_F(Base, WhereItIsToBeMadeMustExist) {
  ::setenv("CAIRN_RUNTIME_DIR", (base_ + "/nowhere").c_str(), 1);
  EXPECT_THROW(RuntimeDirectory(""), EnvironmentError);
}

TEST_F(Base, ACookieThatIsAPipeIsRefusedAtOnce) {
  const pid_t job = ::fork();
  if (job == 0) {
    ::execlp("sleep", "sleep", "600", nullptr);
    ::_exit(1);
  }
  const std::string user = base_ + "/cairn-" + std::to_string(::geteuid()), own = user + "/" + std::to_string(job),
                    cookie = own + "/cookie";
  ASSERT_EQ(::mkdir(user.c_str(), 0700), 0);
  ASSERT_EQ(::mkdir(own.c_str(), 0700), 0);
  ASSERT_EQ(::mkfifo(cookie.c_str(), 0600), 0);
  auto found = std::async(std::launch::async, [job] { find_mpirun(job); });
  const bool at_once = found.wait_for(std::chrono::seconds(20)) == std::future_status::ready;
  EXPECT_TRUE(at_once);
  const int writer = at_once ? -1 : ::open(cookie.c_str(), O_WRONLY | O_NONBLOCK);  // lets it go on
  EXPECT_THROW(found.get(), EnvironmentError);
  if (writer >= 0) ::close(writer);
  ::kill(job, SIGKILL);
  ::waitpid(job, nullptr, 0);
}

}  // namespace
}  // namespace cairn::pmix
