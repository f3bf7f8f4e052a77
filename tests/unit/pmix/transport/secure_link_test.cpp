// SPDX-License-Identifier: Apache-2.0
#include "pmix/transport/secure_link.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <future>
#include <memory>
#include <thread>

#include "core/base/error.hpp"

namespace cairn::pmix {
namespace {

struct Pair {
  std::unique_ptr<SecureLink> server, client;
};

void make_sockets(UniqueFd& a, UniqueFd& b) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  a.reset(ends[0]);
  b.reset(ends[1]);
}

Pair connect(const LinkKey& server_key, const LinkKey& client_key) {
  UniqueFd a, b;
  make_sockets(a, b);
  Pair pair;
  auto server =
      std::async(std::launch::async, [&] { return std::make_unique<SecureLink>(std::move(a), server_key, true, 5.0); });
  try {
    pair.client = std::make_unique<SecureLink>(std::move(b), client_key, false, 5.0);
  } catch (...) {
    server.wait();
    throw;
  }
  pair.server = server.get();
  return pair;
}

TEST(SecureLink, CarriesRecordsBothWays) {
  const LinkKey key = make_link_key();
  const Pair pair = connect(key, key);
  for (int i = 0; i < 100; ++i) {
    pair.client->send(Record("question").set("i", i));
    EXPECT_EQ(pair.server->receive(5)->get_u64("i"), static_cast<std::uint64_t>(i));
    pair.server->send(Record("answer").set("i", i));
    EXPECT_EQ(pair.client->receive(5)->type(), "answer");
  }
}

TEST(SecureLink, CarriesRecordsLargerThanAnyBuffer) {
  const LinkKey key = make_link_key();
  const Pair pair = connect(key, key);
  const std::string large(8 << 20, 'x');
  std::thread sender([&] { pair.client->send(Record("large").set("text", large)); });
  EXPECT_EQ(pair.server->receive(10)->get("text"), large);
  sender.join();
}

TEST(SecureLink, RefusesAnotherKey) { EXPECT_THROW(connect(make_link_key(), make_link_key()), TemporaryError); }

TEST(SecureLink, SaysNothingWhenNothingComes) {
  const LinkKey key = make_link_key();
  const Pair pair = connect(key, key);
  EXPECT_FALSE(pair.server->receive(0.05).has_value());
}

TEST(SecureLink, NoticesThatTheOtherEndIsGone) {
  const LinkKey key = make_link_key();
  Pair pair = connect(key, key);
  pair.client.reset();
  EXPECT_THROW(pair.server->receive(5), TemporaryError);
}

TEST(SecureLink, ShutDownEndsAReceiveInAnotherThread) {
  const LinkKey key = make_link_key();
  const Pair pair = connect(key, key);
  auto receiver = std::async(std::launch::async, [&] { pair.server->receive(-1); });
  pair.server->shut_down();
  EXPECT_THROW(receiver.get(), TemporaryError);
}

TEST(SecureLink, GivesUpOnASilentPeer) {
  UniqueFd a, b;
  make_sockets(a, b);
  EXPECT_THROW(SecureLink(std::move(a), make_link_key(), true, 0.1), TemporaryError);
}

// Whoever sits in between and replays the client's bytes on a second connection proves nothing: the nonces differ.
TEST(SecureLink, RefusesARecordedConversation) {
  const LinkKey key = make_link_key();
  UniqueFd server_end, front, back, client_end;
  make_sockets(server_end, front);
  make_sockets(back, client_end);
  std::string recorded;
  auto relay = [&](int from, int to, bool record) {
    char buffer[4096];
    for (ssize_t n; (n = ::recv(from, buffer, sizeof buffer, 0)) > 0;) {
      if (record) recorded.append(buffer, static_cast<std::size_t>(n));
      ::send(to, buffer, static_cast<std::size_t>(n), MSG_NOSIGNAL);
    }
    ::shutdown(to, SHUT_WR);
  };
  std::thread up([&] { relay(back.get(), front.get(), true); }), down([&] { relay(front.get(), back.get(), false); });
  {
    auto server = std::async(std::launch::async,
                             [&] { return SecureLink(std::move(server_end), key, true, 5).receive(5)->type(); });
    SecureLink client(std::move(client_end), key, false, 5);
    client.send(Record("order"));
    EXPECT_EQ(server.get(), "order");
  }
  up.join();
  down.join();
  UniqueFd again, replayer;
  make_sockets(again, replayer);
  ASSERT_EQ(::send(replayer.get(), recorded.data(), recorded.size(), 0), static_cast<ssize_t>(recorded.size()));
  EXPECT_THROW(SecureLink(std::move(again), key, true, 5), TemporaryError);
}

TEST(SecureLink, ReadsItsKeyFromHexadecimal) {
  const LinkKey key = make_link_key();
  EXPECT_EQ(link_key_from_hex(to_hex(key)), key);
  for (const char* bad : {"", "00", "zz"}) EXPECT_THROW(link_key_from_hex(bad), ArgumentError);
  EXPECT_THROW(link_key_from_hex(to_hex(key) + "00"), ArgumentError);
}

TEST(SecureLink, ConnectsByTcp) {
  std::uint16_t port = 0;
  const UniqueFd listener = listen_tcp(port);
  const LinkKey key = make_link_key();
  auto server = std::async(std::launch::async, [&] {
    SecureLink link(UniqueFd(::accept(listener.get(), nullptr, nullptr)), key, true, 5);
    return link.receive(5)->type();
  });
  SecureLink client(connect_tcp(local_addresses(), port, 5), key, false, 5);
  client.send(Record("hello"));
  EXPECT_EQ(server.get(), "hello");
}

}  // namespace
}  // namespace cairn::pmix
