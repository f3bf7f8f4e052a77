// SPDX-License-Identifier: Apache-2.0
// Work in a process that can do nothing but compute.
#include "core/base/confined.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "core/base/error.hpp"

namespace cairn {
namespace {

using Bytes = std::vector<std::uint8_t>;
using testing::HasSubstr;

const Confinement kSmall{.subject = "the input", .memory = 16u << 20, .answer = 1u << 20, .seconds = 5};

std::string why_not(const std::function<Bytes()>& work, const Confinement& confinement = kSmall) {
  try {
    run_confined(confinement, work);
    return "done";
  } catch (const PermanentError& e) {
    return e.what();
  }
}

TEST(Confined, GivesWhatTheWorkReturns) {
  EXPECT_EQ(run_confined(kSmall, [] { return Bytes{1, 2, 3}; }), (Bytes{1, 2, 3}));
  EXPECT_EQ(run_confined(kSmall, [] { return Bytes{}; }), Bytes{});
  EXPECT_EQ(run_confined(kSmall, [] { return Bytes(kSmall.answer, 7); }), Bytes(kSmall.answer, 7));
}

TEST(Confined, AnErrorComesBackWithItsText) {
  EXPECT_EQ(why_not([]() -> Bytes { throw PermanentError("no\x1b good"); }), "no\\x1b good");
}

TEST(Confined, ACrashIsAnError) {
  const auto crash = []() -> Bytes {
    int* volatile nowhere = nullptr;
    return {static_cast<std::uint8_t>(*nowhere)};
  };
  EXPECT_THAT(why_not(crash), HasSubstr("the input is damaged"));
  EXPECT_THAT(why_not([]() -> Bytes { abort(); }), HasSubstr("the input is damaged"));
  EXPECT_THAT(why_not([]() -> Bytes { _exit(0); }), HasSubstr("the input is damaged"));
}

TEST(Confined, AnEndlessLoopIsEnded) {
  const volatile bool forever = true;
  Confinement brief = kSmall;
  brief.seconds = 0.3;
  EXPECT_THAT(why_not(
                  [&]() -> Bytes {
                    while (forever) {
                    }
                    return {};
                  },
                  brief),
              HasSubstr("the input is damaged"));
}

TEST(Confined, NothingCanBeOpenedOrSent) {
  const int before = open("/dev/null", O_RDONLY);
  ASSERT_GE(before, 0);
  const Bytes answer = run_confined(kSmall, [before] {
    Bytes rights;
    rights.push_back(open("/dev/null", O_RDONLY) >= 0);
    rights.push_back(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
    rights.push_back(fcntl(before, F_GETFD) >= 0);
    rights.push_back(unlink("/nonexistent") == 0 || errno == ENOENT);
    rights.push_back(kill(getppid(), 0) == 0);
    return rights;
  });
  EXPECT_EQ(answer, (Bytes{0, 0, 0, 0, 0}));
  close(before);
}

TEST(Confined, MemoryHasItsBounds) {
  EXPECT_THAT(why_not([]() -> Bytes { return Bytes(Bytes(1u << 28, 1).size() & 1); }), HasSubstr("more memory"));
  EXPECT_THAT(why_not([] { return Bytes(kSmall.answer + 2); }), HasSubstr("the input is damaged"));
}

}  // namespace
}  // namespace cairn
