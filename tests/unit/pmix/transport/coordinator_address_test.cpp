// SPDX-License-Identifier: Apache-2.0
#include "pmix/transport/coordinator_address.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdlib>
#include <future>

#include "core/base/deadline.hpp"
#include "core/base/error.hpp"

namespace cairn::pmix {
namespace {

TEST(CoordinatorAddress, ComesBackFromTheEnvironment) {
  const CoordinatorAddress address{{"10.0.0.1", "fe80::1"}, 4711, make_link_key()};
  for (const auto& [name, value] : address.to_environment()) ::setenv(name.c_str(), value.c_str(), 1);
  const auto back = CoordinatorAddress::from_environment();
  ASSERT_TRUE(back);
  EXPECT_EQ(back->addresses, address.addresses);
  EXPECT_EQ(back->port, address.port);
  EXPECT_EQ(back->key, address.key);
}

TEST(CoordinatorAddress, IsNothingWhereTheVariablesMakeNoSense) {
  ::setenv(kCoordinatorKeyVariable, to_hex(make_link_key()).c_str(), 1);
  for (const char* bad : {"", "x", "0;10.0.0.1", "70000;10.0.0.1", "4711"}) {
    ::setenv(kCoordinatorVariable, bad, 1);
    EXPECT_FALSE(CoordinatorAddress::from_environment()) << bad;
  }
}

// A socket that listens at the address. With `full` nobody who connects to it gets any answer.
struct Listener {
  Listener(const char* address, std::uint16_t wanted, bool full)
      : socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(wanted);
    ::inet_pton(AF_INET, address, &where.sin_addr);
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&where), sizeof where), 0);
    EXPECT_EQ(::listen(socket.get(), full ? 0 : 8), 0);
    socklen_t length = sizeof where;
    EXPECT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&where), &length), 0);
    port = ntohs(where.sin_port);
    for (int i = 0; full && i < 4; ++i) {
      waiting.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      static_cast<void>(!::connect(waiting.back().get(), reinterpret_cast<sockaddr*>(&where), sizeof where));
    }
  }
  UniqueFd socket;
  std::uint16_t port = 0;
  std::vector<UniqueFd> waiting;
};

// Somebody answers who has the key.
std::future<void> serve(const Listener& listener, const LinkKey& key) {
  return std::async(std::launch::async, [&] {
    const SecureLink link(UniqueFd(::accept(listener.socket.get(), nullptr, nullptr)), key, true, 20);
  });
}

TEST(CoordinatorAddress, ThatSaysNothingDoesNotKeepTheOthersWaiting) {
  const LinkKey key = make_link_key();
  const Listener coordinator("127.0.0.1", 0, false), silent("127.0.0.2", coordinator.port, true);
  CoordinatorAddress where{{"127.0.0.2", "127.0.0.1"}, coordinator.port, key};
  auto served = serve(coordinator, key);
  const Stopwatch stopwatch;
  EXPECT_TRUE(connect_to(where, 20));
  EXPECT_LT(stopwatch.seconds(), 10);
  served.get();
}

TEST(CoordinatorAddress, ThatWorkedIsTheFirstToBeAskedAgain) {
  const LinkKey key = make_link_key();
  const Listener coordinator("127.0.0.1", 0, false);
  CoordinatorAddress where{{"127.0.0.2", "127.0.0.1", "127.0.0.3"}, coordinator.port, key};
  auto served = serve(coordinator, key);
  EXPECT_TRUE(connect_to(where, 20));
  EXPECT_EQ(where.addresses, (std::vector<std::string>{"127.0.0.1", "127.0.0.2", "127.0.0.3"}));
  served.get();
}

TEST(CoordinatorAddress, WhereSomebodyElseAnswersIsTheLastToBeAskedAgain) {
  const LinkKey key = make_link_key();
  const Listener coordinator("127.0.0.1", 0, false), other("127.0.0.2", coordinator.port, false);
  CoordinatorAddress where{{"127.0.0.2", "127.0.0.1"}, coordinator.port, key};
  auto refused = std::async(std::launch::async, [&] { UniqueFd(::accept(other.socket.get(), nullptr, nullptr)); });
  EXPECT_THROW(connect_to(where, 20), Error);
  refused.get();
  auto served = serve(coordinator, key);
  EXPECT_TRUE(connect_to(where, 20));
  served.get();
}

}  // namespace
}  // namespace cairn::pmix
