// SPDX-License-Identifier: Apache-2.0
// Addresses of sockets, also such as no kernel has written; what is under way in a connection is looked at and not
// taken.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <string>

#include "core/base/codec.hpp"
#include "core/base/error.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/descriptors/kinds/socket_pair_v1.hpp"
#include "core/state/descriptors/socket_address.hpp"
#include "core/state/descriptors/socket_options.hpp"
#include "core/state/descriptors/tcp_connection.hpp"
#include "core/state/descriptors/unix_name.hpp"

namespace cairn::state {
namespace {

SocketAddress loopback(std::uint16_t port) {
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  four.sin_port = htons(port);
  return {&four, sizeof four};
}

TEST(socket_address, of_ip4_in_the_clothes_of_ip6_is_the_same) {
  const SocketAddress four = loopback(80), six = four.mapped();
  EXPECT_EQ(six.family(), AF_INET6);
  EXPECT_EQ(six.port(), 80);
  EXPECT_TRUE(six.is_loopback());
  EXPECT_EQ(six.unmapped(), four);
  EXPECT_EQ(six.text(), "::ffff:127.0.0.1 port 80");
}

TEST(socket_address, of_any_length_is_read_safely) {
  for (std::size_t size = 0; size <= 200; ++size) {
    for (const std::uint8_t family : {AF_UNIX, AF_INET, AF_INET6, 77}) {
      std::vector<std::uint8_t> bytes(size, 'x');
      if (size > 0) bytes[0] = family;
      if (size > 1) bytes[1] = 0;
      const SocketAddress address(bytes.data(), bytes.size());
      static_cast<void>(address.text() + address.path() + address.unix_name());
      static_cast<void>(address.unmapped().is_any() || address.mapped().is_loopback());
      EXPECT_EQ(address.fits(AF_INET), size == sizeof(sockaddr_in) && family == AF_INET);
      EXPECT_EQ(address.fits(AF_INET6), size == sizeof(sockaddr_in6) && family == AF_INET6);
      EXPECT_EQ(address.fits(AF_UNIX), size > 0 && size <= sizeof(sockaddr_un) && family == AF_UNIX);
    }
  }
}

TEST(unix_name, must_be_where_its_file_is) {
  sockaddr_un path{};
  path.sun_family = AF_UNIX;
  std::string("run/x").copy(path.sun_path, sizeof path.sun_path);
  BoundName name;
  EXPECT_TRUE(is_sound(name));
  name.address = SocketAddress(&path, sizeof path);
  EXPECT_TRUE(is_sound(name));
  name.file = "/a/run/x";
  EXPECT_TRUE(is_sound(name));
  name.file = "/a/other";
  EXPECT_FALSE(is_sound(name));
  name.address = loopback(1);
  EXPECT_FALSE(is_sound(name));
}

std::size_t fill(int fd) {
  const std::string piece(1000, 'x');
  std::size_t all = 0;
  for (ssize_t n; (n = send(fd, piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL)) > 0;)
    all += static_cast<std::size_t>(n);
  return all;
}

TEST(tcp_connection, is_looked_into_and_nothing_is_taken) {
  auto ends = make_any_connection(AF_INET);
  const int from = ends[0].get(), to = ends[1].get();
  const std::size_t sent = fill(from);
  const auto look = [&] {
    return look_into_connection(to, SocketAddress::local_of(to), SocketAddress::peer_of(to)).size();
  };
  EXPECT_EQ(look(), sent);
  EXPECT_EQ(look(), sent);
  std::vector<char> room(sent + 1);
  std::size_t got = 0;
  for (ssize_t n; (n = recv(to, room.data(), room.size(), MSG_DONTWAIT)) > 0;) got += static_cast<std::size_t>(n);
  EXPECT_EQ(got, sent);
}

TEST(tcp_connection, takes_as_much_again) {
  auto ends = make_any_connection(AF_INET6);
  const std::vector<std::uint8_t> much(3 << 20, 7);
  ASSERT_TRUE(send_again(ends[0].get(), ends[1].get(), much));
  EXPECT_EQ(look_at_arrived(ends[1].get()), much);
}

TEST(tcp_connection, has_the_addresses_that_it_is_to_have) {
  SocketAddress one, other;
  {
    const auto before = make_any_connection(AF_INET);
    one = SocketAddress::local_of(before[0].get());
    other = SocketAddress::local_of(before[1].get());
  }
  const auto now = make_connection({ConnectionEnd{AF_INET, one, other}, ConnectionEnd{AF_INET, other, one}});
  EXPECT_EQ(SocketAddress::local_of(now[0].get()), one);
  EXPECT_EQ(SocketAddress::peer_of(now[0].get()), other);
}

UniqueFd udp_socket() { return UniqueFd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)); }

TEST(socket_options, that_this_kernel_does_not_know_are_refused_by_name) {
  constexpr int kOfTomorrow = 9999;
  const UniqueFd fd = udp_socket();
  try {
    set_options(fd.get(), {socket_option(SOL_SOCKET, kOfTomorrow, 1)});
    FAIL();
  } catch (const EnvironmentError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("option 9999 of level 1 again, which this kernel does not know"));
  }
  try {
    set_options(fd.get(), {socket_option(IPPROTO_TCP, TCP_NODELAY, 1)});
    FAIL();
  } catch (const EnvironmentError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("option TCP_NODELAY again"));
  }
}

bool has_option(const SocketOptions& options, int level, int name) {
  return std::any_of(options.begin(), options.end(),
                     [=](const SocketOption& o) { return o.level == level && o.name == name; });
}

TEST(socket_options, that_only_some_kernels_know_are_saved_where_they_are_set) {
  const UniqueFd fd = udp_socket();
  const int on = 1;
  EXPECT_FALSE(has_option(options_of(fd.get()), IPPROTO_IP, IP_RECVFRAGSIZE));
  ASSERT_EQ(setsockopt(fd.get(), IPPROTO_IP, IP_RECVFRAGSIZE, &on, sizeof on), 0);
  EXPECT_TRUE(has_option(options_of(fd.get()), IPPROTO_IP, IP_RECVFRAGSIZE));
}

TEST(socket_options, name_an_interface_that_must_be_there) {
  const UniqueFd fd = udp_socket();
  const std::uint32_t loopback = htonl(if_nametoindex("lo"));
  ASSERT_EQ(setsockopt(fd.get(), IPPROTO_IP, IP_UNICAST_IF, &loopback, sizeof loopback), 0);
  SocketOptions options = options_of(fd.get());
  ASSERT_TRUE(has_option(options, IPPROTO_IP, IP_UNICAST_IF));
  const UniqueFd other = udp_socket();
  set_options(other.get(), options);
  EXPECT_EQ(number_option(other.get(), IPPROTO_IP, IP_UNICAST_IF), static_cast<int>(loopback));
  for (SocketOption& option : options) {
    if (option.name == IP_UNICAST_IF && option.level == IPPROTO_IP) option.value[0] = '?';
  }
  EXPECT_THROW(set_options(udp_socket().get(), options), EnvironmentError);
}

TEST(socket_pair, of_a_file_without_a_list_of_options_is_read) {
  PairDetailV1 old;
  old.type = SOCK_STREAM;
  old.sides[0].open = true;
  old.sides[0].content = {{1, 2, 3}};
  const ObjectKind& object = *find_descriptor_kind(11)->object;
  EXPECT_NO_THROW(object.check({11, {}, 1, encode(old)}));
  old.type = 77;
  EXPECT_THROW(object.check({11, {}, 1, encode(old)}), PermanentError);
  const SocketOptions options = old.sides[0].options();
  EXPECT_TRUE(has_option(options, SOL_SOCKET, SO_SNDBUF) && has_option(options, SOL_SOCKET, SO_RCVTIMEO));
}

// What a hostile file may say of each kind of object.
TEST(socket_objects, of_nonsense_are_refused) {
  for (const std::uint32_t kind : {11u, 13u, 15u, 16u, 17u}) {
    const ObjectKind& object = *find_descriptor_kind(kind)->object;
    for (std::size_t size = 0; size < 300; ++size) {
      for (const std::uint8_t byte : {0x00, 0x01, 0x02, 0x7f, 0xff})
        EXPECT_THROW(object.check({kind, {}, 1, std::vector<std::uint8_t>(size, byte)}), PermanentError) << kind;
    }
  }
}

}  // namespace
}  // namespace cairn::state
