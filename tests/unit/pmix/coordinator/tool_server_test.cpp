// SPDX-License-Identifier: Apache-2.0
// The coordinator's door: real sockets, and peers that do what no tool of ours does.
#include "pmix/coordinator/tool_server.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/abi/control_address.hpp"
#include "core/base/error.hpp"
#include "pmix/coordinator/tool_client.hpp"
#include "tests/unit/scratch_directory.hpp"

namespace cairn::pmix {
namespace {

namespace fs = std::filesystem;

const std::string cookie(kCookieLength, 'c');
constexpr double kSoon = 20;  // for what happens at once, on a machine that is loaded

class Door : public testing::Test {
 protected:
  // As one that has not found the directory.
  ToolClient client_by_number() const { return ToolClient({::getpid(), ::geteuid(), directory_, {}}, kSoon); }
  ToolClient client() const { return ToolClient({::getpid(), ::geteuid(), directory_, cookie}, kSoon); }

  // Connected and greeted.
  UniqueFd peer() const {
    UniqueFd socket = connect_to_mpirun(directory_, ::geteuid(), kSoon);
    std::string heard(kToolGreeting.size(), '\0');
    EXPECT_EQ(::recv(socket.get(), heard.data(), heard.size(), MSG_WAITALL), static_cast<ssize_t>(heard.size()));
    return socket;
  }

  static void say(const UniqueFd& socket, const std::string& bytes) {
    ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }

  // The connection is closed, whatever is said before, within kSoon.
  static bool is_shut(const UniqueFd& socket) {
    pollfd wish{socket.get(), POLLIN, 0};
    char bytes[4096];
    ssize_t n = 1;
    while (n > 0 && ::poll(&wish, 1, static_cast<int>(kSoon * 1000)) > 0)
      n = ::recv(socket.get(), bytes, sizeof bytes, 0);
    return n <= 0;
  }

  static ToolServer::Handler says(const std::string& state) {
    return [state](const Record&, const ToolServer::Reply& reply) {
      JobStatus status;
      status.state = state;
      reply(to_record(status));
    };
  }

  const test::ScratchDirectory scratch_;
  std::string directory_ = scratch_.path();
};

TEST_F(Door, AnswersWhoShowsTheCookie) {
  ToolServer server(directory_, cookie, says("running"));
  EXPECT_EQ(client().status(kSoon).state, "running");
}

TEST_F(Door, IsFoundByItsNumberWhenTheDirectoryIsGone) {
  ToolServer server(directory_, cookie, says("running"));
  EXPECT_EQ(client_by_number().status(kSoon).state, "running");
  fs::remove_all(directory_);
  EXPECT_EQ(client().status(kSoon).state, "running");
  EXPECT_EQ(client_by_number().status(kSoon).state, "running");
}

TEST_F(Door, WhoHasItsNumberIsNotTrusted) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t other = ::fork();
  if (other == 0) {
    const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
    const ControlAddress number = ControlAddress::of_mpirun(::getppid());
    const bool listens =
        ::bind(socket.get(), number.get(), number.length()) == 0 && ::listen(socket.get(), SOMAXCONN) == 0;
    ::write(ready[1], listens ? "y" : "n", 1);
    for (;;) ::pause();
  }
  char listens = 'n';
  EXPECT_EQ(::read(ready[0], &listens, 1), 1);
  EXPECT_EQ(listens, 'y');
  {
    ToolServer server(directory_, cookie, says("running"));
    EXPECT_EQ(client().status(kSoon).state, "running");
    EXPECT_THROW(client_by_number().status(kSoon), TemporaryError);
  }
  ::kill(other, SIGKILL);
  ::waitpid(other, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(Door, RefusesAnotherCookie) {
  std::atomic<bool> asked = false;
  ToolServer server(directory_, cookie, [&](const Record&, const ToolServer::Reply&) { asked = true; });
  for (const std::string& shown : {std::string(kCookieLength, 'd'), std::string("short")}) {
    ToolClient stranger({::getpid(), ::geteuid(), directory_, shown}, kSoon);
    try {
      stranger.status(kSoon);
      FAIL() << "a stranger was served";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), CAIRN_EXIT_ENVIRONMENT) << error.what();
    }
  }
  EXPECT_FALSE(asked);
}

TEST_F(Door, SendsOtherUsersAway) {
  if (::geteuid() != 0) GTEST_SKIP() << "wants to be another user";
  ToolServer server(directory_, cookie, says("running"));
  ASSERT_EQ(::chmod(directory_.c_str(), 0755), 0);
  ASSERT_EQ(::chmod((directory_ + "/" + kToolSocket).c_str(), 0666), 0);
  const pid_t other = ::fork();
  if (other == 0) {
    if (::setresuid(65534, 65534, 65534) != 0) ::_exit(2);
    const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    (directory_ + "/" + kToolSocket).copy(name.sun_path, sizeof name.sun_path - 1);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) ::_exit(3);
    const UniqueFd by_number(::socket(AF_UNIX, SOCK_STREAM, 0));
    const ControlAddress number = ControlAddress::of_mpirun(::getppid());
    if (::connect(by_number.get(), number.get(), number.length()) != 0) ::_exit(4);
    char byte;  // not even greeted
    ::_exit(::recv(socket.get(), &byte, 1, 0) <= 0 && ::recv(by_number.get(), &byte, 1, 0) <= 0 ? 0 : 1);
  }
  int status = -1;
  ::waitpid(other, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST_F(Door, AToolTrustsNoDirectoryOrSocketOfAnother) {
  ToolServer server(directory_, cookie, says("running"));
  EXPECT_THROW(connect_to_mpirun(directory_, ::geteuid() + 1, kSoon), EnvironmentError);
  const std::string link = directory_ + ".link";
  fs::create_symlink(directory_, link);
  EXPECT_THROW(connect_to_mpirun(link, ::geteuid(), kSoon), TemporaryError);
  fs::remove(link);
  ASSERT_EQ(::chmod(directory_.c_str(), 0755), 0);
  EXPECT_THROW(connect_to_mpirun(directory_, ::geteuid(), kSoon), EnvironmentError);
}

TEST_F(Door, WorksBelowALongPath) {
  directory_ += "/" + std::string(200, 'a');
  ASSERT_EQ(::mkdir(directory_.c_str(), 0700), 0);
  ToolServer server(directory_, cookie, says("running"));
  EXPECT_EQ(client().status(kSoon).state, "running");
  directory_ = fs::path(directory_).parent_path();
}

TEST_F(Door, HalfARequestKeepsNobodyWaiting) {
  ToolServer server(directory_, cookie, says("running"));
  const UniqueFd half = peer();
  say(half, make_frame(cookie, Record(JobStatus::type).encode()).substr(0, 70));
  EXPECT_EQ(client().status(kSoon).state, "running");
  EXPECT_TRUE(is_shut(half));
}

TEST_F(Door, WhoSaysNothingIsSentAway) {
  ToolServer server(directory_, cookie, says("running"));
  EXPECT_TRUE(is_shut(peer()));
}

TEST_F(Door, AMessageWithoutEndIsCutOff) {
  ToolServer server(directory_, cookie, says("running"));
  const UniqueFd endless = peer();
  say(endless, std::string("\xff\xff\xff\x7f") + cookie);
  EXPECT_TRUE(is_shut(endless));
  const UniqueFd long_one = peer();
  say(long_one, make_frame(cookie, std::string(kLongestRequest, 'x')));
  EXPECT_TRUE(is_shut(long_one));
  EXPECT_EQ(client().status(kSoon).state, "running");
}

TEST_F(Door, ADamagedRequestIsAnsweredAndHarmsNobody) {
  ToolServer server(directory_, cookie, says("running"));
  const UniqueFd damaged = peer();
  say(damaged, make_frame(cookie, "no record at all"));
  EXPECT_TRUE(is_shut(damaged));
  EXPECT_EQ(client().status(kSoon).state, "running");
}

TEST_F(Door, AThousandSilentConnectionsKeepNobodyOut) {
  rlimit files{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &files), 0);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_max < 1300) GTEST_SKIP() << "too few descriptors";
  ToolServer server(directory_, cookie, says("running"));
  std::vector<UniqueFd> crowd;
  for (int i = 0; i < 1000; ++i) crowd.push_back(connect_to_mpirun(directory_, ::geteuid(), kSoon));
  EXPECT_EQ(client().status(kSoon).state, "running");
  EXPECT_TRUE(is_shut(crowd.front()));
}

TEST_F(Door, RequestsWithoutAnAnswerAreLimited) {
  std::mutex mutex;
  std::vector<ToolServer::Reply> waiting;
  ToolServer server(directory_, cookie, [&](const Record&, ToolServer::Reply reply) {
    const std::lock_guard lock(mutex);
    waiting.push_back(std::move(reply));
  });
  std::vector<UniqueFd> crowd;
  const std::string request = make_frame(cookie, Record(JobStatus::type).encode());
  for (int i = 0; i < 256; ++i) say(crowd.emplace_back(peer()), request);
  try {
    client().status(kSoon);
    FAIL() << "one more was served";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), CAIRN_EXIT_TEMPORARY) << error.what();
  }
  const std::lock_guard lock(mutex);
  EXPECT_EQ(waiting.size(), 256U);
}

TEST_F(Door, AnAnswerThatNobodyReadsIsGivenUp) {
  ToolServer server(directory_, cookie, says(std::string(16 << 20, 's')));
  const UniqueFd lazy = peer();
  say(lazy, make_frame(cookie, Record(JobStatus::type).encode()));
  EXPECT_EQ(client().status(kSoon).state.size(), 16U << 20);
  server.drain(60);
  std::size_t got = 0;
  char bytes[65536];
  for (ssize_t n; (n = ::recv(lazy.get(), bytes, sizeof bytes, 0)) > 0;) got += static_cast<std::size_t>(n);
  EXPECT_LT(got, 16U << 20);
}

TEST_F(Door, AToolThatGoesDoesNotWithdrawItsRequest) {
  std::promise<ToolServer::Reply> asked;
  ToolServer server(directory_, cookie,
                    [&](const Record&, ToolServer::Reply reply) { asked.set_value(std::move(reply)); });
  UniqueFd gone = peer();
  say(gone, make_frame(cookie, Record(JobStatus::type).encode()));
  const ToolServer::Reply reply = asked.get_future().get();
  gone.reset();
  const Stopwatch still_served;
  server.drain(0.5);
  EXPECT_GE(still_served.seconds(), 0.5);
  reply(to_record(JobStatus()));
  const Stopwatch answered;
  server.drain(60);
  EXPECT_LT(answered.seconds(), kSoon);
}

TEST_F(Door, AnAnswerOutlivesTheServer) {
  auto server = std::make_unique<ToolServer>(directory_, cookie, says("running"));
  const UniqueFd late = peer();
  say(late, make_frame(cookie, Record(JobStatus::type).encode()));
  pollfd answered{late.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&answered, 1, static_cast<int>(kSoon * 1000)), 1);
  server->drain(kSoon);
  server.reset();
  IncomingFrame frame(kLongestAnswer);
  EXPECT_TRUE(frame.take_from(late.get()));
  ASSERT_TRUE(frame.whole());
  EXPECT_EQ(Record::decode(frame.text()).type(), JobStatus::type);
}

TEST_F(Door, AHandlerThatThrowsIsAnAnswerAndLeavesNothingToWaitFor) {
  ToolServer server(directory_, cookie,
                    [](const Record&, const ToolServer::Reply&) { throw std::runtime_error("no thread for it"); });
  EXPECT_THROW(client().status(kSoon), Error);
  const Stopwatch since;
  server.drain(60);
  EXPECT_LT(since.seconds(), kSoon);
}

TEST_F(Door, DescriptorsDoNotGrowWithRequests) {
  ToolServer server(directory_, cookie, says("running"));
  const auto open_now = [] { return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()); };
  client().status(kSoon);
  server.drain(kSoon);
  const auto before = open_now();
  for (int i = 0; i < 300; ++i) client().status(kSoon);
  server.drain(kSoon);
  EXPECT_LE(open_now(), before + 1);
}

}  // namespace
}  // namespace cairn::pmix
